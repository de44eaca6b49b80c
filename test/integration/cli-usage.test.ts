import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { assay, cliProject } from './cli-process.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cli = (...args: string[]) => assay(args, { folder });

describe('a command that cannot work', () => {
  it('says that no stack runs here where nothing is set, and else all that is missing, with 2', async () => {
    const nothing = await cli('experiment', 'list', '--project', 'p');
    expect(nothing.code).toBe(2);
    expect(nothing.stderr).toContain('`assay dev` is not running here');
    expect(nothing.stderr).not.toContain('is not set');
    const some = await assay(['experiment', 'list', '--project', 'p'], {
      folder,
      environment: { LANGFUSE_PUBLIC_KEY: 'pk-lf-1' },
    });
    expect(some.code).toBe(2);
    for (const name of ['TEMPORAL_ADDRESS', 'DATABASE_URL', 'LANGFUSE_HOST']) {
      expect(some.stderr).toContain(`- ${name}: is not set`);
    }
  });

  it('tells what is missing before it starts a worker', async () => {
    const { code, stderr } = await cli('worker');
    expect(code).toBe(2);
    expect(stderr).toContain('(ENVIRONMENT_INVALID)');
  });

  it('exits with 5 where Temporal does not answer', async () => {
    const { code, stderr } = await assay(
      ['experiment', 'run', '--dataset', 'd', '--target', 't', '--project', 'p'],
      {
        folder,
        environment: {
          TEMPORAL_ADDRESS: '127.0.0.1:1',
          DATABASE_URL: 'postgres://somebody:hidden-password@127.0.0.1:1/none',
          LANGFUSE_HOST: 'http://127.0.0.1:1',
          LANGFUSE_PUBLIC_KEY: 'pk-lf-1',
          LANGFUSE_SECRET_KEY: 'sk-lf-hidden',
        },
      },
    );
    expect({ code, stderr }).toMatchObject({ code: 5 });
    expect(stderr).toContain('(TEMPORAL_UNREACHABLE)');
    expect(stderr).not.toContain('hidden');
  });

  it('has no database to migrate, and says so', async () => {
    const { code, stderr } = await cli('db', 'migrate');
    expect(code).toBe(2);
    expect(stderr).toContain('- DATABASE_URL: is not set');
  });
});

describe('assay config check', () => {
  it('lists targets, evaluators and models, and remembers the project', async () => {
    const project = await cliProject();
    try {
      const checked = await assay(['config', 'check', '--json'], { folder: project.path });
      expect(checked.code).toBe(0);
      expect(JSON.parse(checked.stdout)).toMatchObject({
        project: 'cli-project',
        targets: [{ name: 'shout' }, { name: 'slow' }],
        evaluators: [{ name: 'same', kind: 'exact_match' }],
        models: [{ name: 'demo' }],
      });
      // The project is known now: what is missing is the environment.
      const { stderr } = await assay(['experiment', 'list'], { folder: project.path });
      expect(stderr).toContain('(ENVIRONMENT_INVALID)');
    } finally {
      await project.remove();
    }
  });

  it('shows the price of a model, from the config or from the list of its provider', async () => {
    writeFileSync(
      join(folder, 'assay.config.ts'),
      `export default { project: 'p', targets: {}, evaluators: {}, models: {
         listed: { provider: 'openai', model: 'gpt-4o-mini' },
         own: { model: 'ours', price: { input: 1, output: 2 } },
         other: { model: 'nobody-knows-it' },
       } };`,
    );
    const { stdout } = await cli('config', 'check', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      models: [
        {
          name: 'listed',
          priced: true,
          price: { input: 0.15, output: 0.6 },
          priceSource: 'published',
        },
        { name: 'own', priced: true, price: { input: 1, output: 2 }, priceSource: 'config' },
        { name: 'other', priced: false, price: null, priceSource: null },
      ],
    });
    const text = (await cli('config', 'check')).stdout;
    expect(text).toContain('$0.15 in, $0.6 out (list)');
    expect(text).toContain('$1 in, $2 out (config)');
    expect(text).toContain('unknown');
  });

  it('tells all problems of a config at once', async () => {
    writeFileSync(
      join(folder, 'assay.config.ts'),
      `export default { project: 'P', targets: { t: { kind: 'function' } }, evaluators: {}, extra: 1 };`,
    );
    const { code, stdout } = await cli('config', 'check', '--json');
    expect(code).toBe(2);
    const { error } = JSON.parse(stdout) as { error: { code: string; problems: { at: string }[] } };
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.problems.map(({ at }) => at)).toEqual(
      expect.arrayContaining(['project', 'targets.t.run']),
    );
  });

  it('ends although code of the config left a timer behind', async () => {
    writeFileSync(
      join(folder, 'assay.config.ts'),
      `setInterval(() => undefined, 1_000);\nexport default { project: 'p', targets: {}, evaluators: {} };`,
    );
    expect((await cli('config', 'check')).code).toBe(0);
  });

  it('makes nothing in a folder without a config', async () => {
    const { code, stderr } = await cli('config', 'check');
    expect(code).toBe(3);
    expect(stderr).toContain('(CONFIG_NOT_FOUND)');
    expect(existsSync(join(folder, '.assay'))).toBe(false);
  });
});

describe('assay doctor', () => {
  it('tells every problem at once and exits with 5', async () => {
    const { code, stdout } = await cli('doctor', '--json');
    expect(code).toBe(5);
    const { ok, checks } = JSON.parse(stdout) as {
      ok: boolean;
      checks: { name: string; state: string }[];
    };
    expect(ok).toBe(false);
    expect(checks.filter(({ state }) => state === 'fail').map(({ name }) => name)).toEqual([
      'Temporal',
      'Postgres',
      'Langfuse',
    ]);
  });
});
