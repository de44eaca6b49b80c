import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { AssayError } from '../../src/core/errors/assay-error.js';
import { loadConfig } from '../../src/workers/load-config.js';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'assay-config-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

const project = async (files: Record<string, string>, name = 'project'): Promise<string> => {
  const folder = join(base, name);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
};
const errorOf = async (files: Record<string, string>): Promise<AssayError> => {
  const error: unknown = await loadConfig(await project(files)).catch((thrown: unknown) => thrown);
  if (!AssayError.is(error)) throw new Error(`no error of ours: ${String(error)}`);
  return error;
};
const plain = `
import { label } from './lib/label.js';
export default {
  project: 'shop',
  targets: { code: { kind: 'function', run: () => label } },
  evaluators: { same: { kind: 'exact_match' } },
};
`;
const files = {
  'assay.config.ts': plain,
  'lib/label.ts': `export const label: string = 'bug';\n`,
};

describe('a config', () => {
  it('is bundled, executed and given its defaults, TypeScript and imports included', async () => {
    const { config, codeHash, root } = await loadConfig(await project(files));
    expect(config).toMatchObject({ project: 'shop', datasetsFolder: 'datasets' });
    expect(codeHash).toMatch(/^[0-9a-f]{64}$/);
    expect(root).toBe(join(base, 'project'));
    const target = config.targets['code'];
    if (target?.kind !== 'function') throw new Error('no function');
    expect(target.run({}, undefined as never)).toBe('bug');
  });

  it('has one code identity in every folder, also through a symbolic link', async () => {
    const folder = await project(files);
    const { codeHash } = await loadConfig(folder);
    await cp(folder, join(base, 'elsewhere', 'deeper'), { recursive: true });
    await symlink(folder, join(base, 'link'));
    expect((await loadConfig(join(base, 'elsewhere', 'deeper'))).codeHash).toBe(codeHash);
    expect((await loadConfig(join(base, 'link'))).codeHash).toBe(codeHash);
  });

  it('has another code identity after an edit of a module that it imports, and runs the edited code', async () => {
    const before = await loadConfig(await project(files));
    const after = await loadConfig(
      await project({ ...files, 'lib/label.ts': `export const label = 'billing';\n` }),
    );
    expect(after.codeHash).not.toBe(before.codeHash);
    const target = after.config.targets['code'];
    if (target?.kind !== 'function') throw new Error('no function');
    expect(target.run({}, undefined as never)).toBe('billing');
  });

  it('keeps its code identity where a comment changes, or a file that it does not import', async () => {
    const before = await loadConfig(await project(files));
    const after = await loadConfig(
      await project({ ...files, 'assay.config.ts': `// a remark${plain}`, 'lib/other.ts': 'x' }),
    );
    expect(after.codeHash).toBe(before.codeHash);
  });

  it('is looked for in the given folder only', async () => {
    const folder = await project({ ...files, 'inner/readme.md': '' });
    await expect(loadConfig(join(folder, 'inner'))).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
    });
  });
});

describe('a config that cannot be used', () => {
  it('names file, line and column of every syntax error and missing module', async () => {
    const error = await errorOf({
      'assay.config.ts': `import './lib/a.js';\nimport './lib/gone.js';\nexport default {};\n`,
      'lib/a.ts': 'const x = 1;\nconst y = ;\n',
    });
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.problems.map(({ at }) => at).sort()).toEqual([
      'assay.config.ts:2:8',
      'lib/a.ts:2:11',
    ]);
  });

  it('says what it threw while it was loaded', async () => {
    const error = await errorOf({ 'assay.config.ts': `throw new Error('no such thing');` });
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'assay.config.ts throws when it is loaded: no such thing',
    });
    for (const thrown of ['null', 'Object.create(null)', '"text"']) {
      const odd = await errorOf({ 'assay.config.ts': `throw ${thrown};` });
      expect(odd.code).toBe('CONFIG_INVALID');
    }
  });

  it('lists all problems of the schema at once, each with its path', async () => {
    const error = await errorOf({
      'assay.config.ts': `export default { project: 'Shop', targest: {}, models: { m: { model: 'x', apiKey: 'sk-live-1234' } },
        targets: { a: { kind: 'http', url: 'nope' } }, evaluators: { r: { kind: 'regex' } } };`,
    });
    expect(error.problems.map(({ at }) => at).sort()).toEqual([
      'assay.config.ts',
      'evaluators.r.pattern',
      'models.m.apiKey',
      'project',
      'targets.a.url',
    ]);
    expect(JSON.stringify(error)).not.toContain('1234');
  });

  it('asks of a kind that is nearly one whether that was meant', async () => {
    const { problems } = await errorOf({
      'assay.config.ts': `export default { project: 'shop', platform: { backend: 'lagfuse' }, targets: { t: { kind: 'promt' } },
        evaluators: { same: { kind: 'exact-match' }, far: { kind: 'vibes' } } };`,
    });
    const said = Object.fromEntries(problems.map(({ at, message }) => [at, message]));
    expect(said['evaluators.same.kind']).toMatch(/; did you mean "exact_match"\?$/);
    expect(said['targets.t.kind']).toMatch(/; did you mean "prompt"\?$/);
    expect(said['platform.backend']).toMatch(/; did you mean "langfuse"\?$/);
    expect(said['evaluators.far.kind']).not.toContain('did you mean');
  });

  it('says of every evaluator with the name of a verdict’s score that it is taken', async () => {
    const { problems } = await errorOf({
      'assay.config.ts': `export default { project: 'shop', targets: {}, evaluators: {
        gate: { kind: 'exact_match' }, 'gate.tone': { kind: 'exact_match' }, gated: { kind: 'exact_match' } } };`,
    });
    expect(problems.map(({ at }) => at)).toEqual(['evaluators.gate', 'evaluators.gate.tone']);
    expect(problems.map(({ message }) => message).join()).toMatch(/verdict.*verdict/);
  });

  it('lists all names that point at nothing, with those that there are', async () => {
    const error = await errorOf({
      'assay.config.ts': `export default { project: 'shop', models: { small: { model: 'x' } },
        targets: { t: { kind: 'prompt', model: 'large', evaluators: ['same', 'tone'] } },
        evaluators: { same: { kind: 'exact_match' }, j: { kind: 'llm_judge', model: 'judge' } } };`,
    });
    expect(error.problems).toEqual([
      expect.objectContaining({ at: 'targets.t.model', mend: 'Known: small.' }),
      expect.objectContaining({ at: 'targets.t.evaluators[1]' }),
      expect.objectContaining({ at: 'evaluators.j.model' }),
      expect.objectContaining({
        at: 'evaluators.j',
        message: 'needs one of rubric, rubricFile and builtIn',
      }),
    ]);
  });

  it('needs a default export', async () => {
    const error = await errorOf({ 'assay.config.ts': 'export const config = {};' });
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      mend: expect.stringContaining('export default'),
    });
  });
});
