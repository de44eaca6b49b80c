import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { runCli } from '../../src/cli/run-cli.js';
import { AssayClient } from '../../src/client/assay-client.js';
import { parseConnections } from '../../src/contracts/environment.js';
import { startLangfuseServer } from '../../src/devstack/langfuse/server.js';
import { createTestDatabase } from '../support/database.js';
import { startHarness, type Harness } from '../support/harness.js';
import { recorded } from '../unit/cli/streams.js';

const project = 'prompts';
const config = `
import { defineConfig } from 'assay';
export default defineConfig({
  project: '${project}',
  models: { small: { model: 'demo-small' } },
  targets: {
    triage: { kind: 'prompt' },
    live: { kind: 'prompt', prompt: { name: 'triage', label: 'production' } },
  },
  evaluators: { length: { kind: 'length', max: 10000 } },
});
`;

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness({
    project,
    files: {
      'assay.config.ts': config,
      'datasets/items/test_cases.json': JSON.stringify([
        { id: 'a', inputs: { text: 'My parcel is late' } },
      ]),
      'targets/triage/prompt.txt': 'Sort: {{text}}\n',
      'targets/triage/.metadata.yaml': 'model: small\nlabels: [staging]\n',
      'targets/reply/prompt.yaml':
        'messages:\n  - role: system\n    content: Be kind.\n  - role: user\n    content: "{{text}}"\n',
    },
  });
  await harness.startWorkers();
});
afterAll(() => harness.stop());

const cli = (...args: readonly string[]) => assay(['prompts', ...args], harness.environment);
async function assay(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const out = recorded();
  const err = recorded();
  const code = await runCli(
    { stdout: out.stream, stderr: err.stream, environment, cwd: harness.folder },
    ['--project', project, ...args],
  );
  return { code, out: out.text(), err: err.text() };
}
const json = async (...args: readonly string[]) => {
  const { code, out } = await cli(...args, '--json');
  return { code, body: JSON.parse(out) as Record<string, unknown> };
};
const edit = (path: string, text: string) => writeFile(join(harness.folder, path), text);

it('writes nothing where the terminal names another project than the worker', async () => {
  const database = await createTestDatabase('template0');
  const keys = { publicKey: 'pk-lf-of-a-person', secretKey: 'sk-lf-of-a-person' };
  const names = { projectId: 'project-of-a-person', projectName: 'mine' };
  const mine = await startLangfuseServer({ databaseUrl: database.url, ...keys, ...names });
  const environment = {
    ...harness.environment,
    LANGFUSE_BASE_URL: mine.url,
    LANGFUSE_PUBLIC_KEY: keys.publicKey,
    LANGFUSE_SECRET_KEY: keys.secretKey,
  };
  try {
    for (const words of [
      ['prompts', 'push'],
      ['prompts', 'promote', 'triage', '--version', '1'],
      ['datasets', 'push', 'items'],
      ['experiment', 'run', '--dataset', 'items', '--target', 'triage', '--name', 'elsewhere'],
      ['gate', 'run', '--dataset', 'items', '--target', 'triage'],
    ]) {
      const refused = await assay(words, environment);
      expect({ words, ...refused }).toMatchObject({ words, code: 4 });
      expect(refused.err).toContain('PLATFORM_PROJECT_DIFFERS');
      expect(refused.err).toContain('"mine" (project-of-a-person)');
    }
    expect((await cli('list')).err).toContain('No prompts there');
  } finally {
    await mine.close();
    await database.drop();
  }
});

describe('assay prompts', () => {
  it('pushes all folders, says what it would do first, and makes nothing twice', async () => {
    const preview = await json('push', '--dry-run');
    expect(preview.body['prompts']).toMatchObject([
      { name: 'reply', platforms: [{ outcome: 'create' }] },
      { name: 'triage', platforms: [{ outcome: 'create', labels: ['staging'] }] },
    ]);
    expect((await cli('list')).err).toContain('No prompts there');
    const first = await cli('push');
    expect(first).toMatchObject({ code: 0 });
    expect(first.out).toContain('triage created v1, now staging');
    const second = await cli('push');
    expect(second.out).toContain('triage unchanged v1\n');
    expect((await cli('diff')).code).toBe(0);
  });

  it('sends nothing where a folder has problems, and tells all of them', async () => {
    await mkdir(join(harness.folder, 'targets/broken'), { recursive: true });
    await edit('targets/broken/prompt.yaml', 'messages: [');
    await edit('targets/triage/prompt.txt', 'Sort well: {{text}} {{> x}}');
    const { code, body } = await json('push');
    expect(code).toBe(2);
    expect(body).toMatchObject({
      error: {
        code: 'PROMPT_INVALID',
        problems: [
          { at: expect.stringMatching(/broken\/prompt\.yaml:\d+:\d+$/) as unknown },
          { at: expect.stringMatching(/triage\/prompt\.txt:1:21$/) as unknown },
        ],
      },
    });
    await rm(join(harness.folder, 'targets/broken'), { recursive: true });
    await edit('targets/triage/prompt.txt', 'Sort: {{text}}\n');
    expect((await json('diff')).body).toMatchObject({ drift: false });
  });

  it('takes a prompt by its folder, says whose name that is, and knows what there is none of', async () => {
    await edit('targets/reply/.metadata.yaml', 'name: team/reply\n');
    expect((await cli('push', 'reply')).out).toContain('team/reply created v1');
    const promoted = await cli('promote', 'reply', '--exact');
    // The prompt of that very name was pushed before.
    expect(promoted.out).toContain('reply: production is v1 now');
    expect((await cli('promote', 'reply')).err).toContain(
      'is the folder of the prompt "team/reply"',
    );
    for (const command of ['get', 'versions', 'history', 'promote', 'rollback', 'pull']) {
      const unknown = await json(command, 'repli');
      expect({ command, ...unknown }).toMatchObject({
        code: 3,
        body: {
          error: { code: 'PROMPT_NOT_FOUND', mend: expect.stringContaining('reply') as unknown },
        },
      });
    }
    await rm(join(harness.folder, 'targets/reply/.metadata.yaml'));
  });

  it('loses no other prompt where one fails', async () => {
    await edit('targets/triage/prompt.txt', 'Sort it: {{text}}\n');
    // On the platform this name is a text, which messages cannot follow.
    await harness.platform.admin('POST', '/api/public/v2/prompts', {
      name: 'reply-text',
      type: 'text',
      prompt: 'x',
    });
    await edit('targets/reply/.metadata.yaml', 'name: reply-text\n');
    const { code, body } = await json('push');
    expect(code).toBe(6);
    expect(
      (body['prompts'] as { name: string }[]).sort((a, b) => (a.name < b.name ? -1 : 1)),
    ).toMatchObject([
      {
        name: 'reply-text',
        platforms: [{ outcome: 'failed', error: { code: 'PLATFORM_REFUSED' } }],
      },
      { name: 'triage', platforms: [{ outcome: 'created', version: '2' }] },
    ]);
    await rm(join(harness.folder, 'targets/reply/.metadata.yaml'));
  });

  it('promotes, rolls back, refuses without a gate, and shows who did what', async () => {
    expect(
      await cli('promote', 'triage', '--version', '1', '--by', 'ann', '--reason', 'first'),
    ).toMatchObject({
      code: 0,
      out: 'triage: production is v1 now\n',
    });
    const refused = await json('promote', 'triage', '--require-gate');
    expect(refused.code).toBe(4);
    expect(refused.body).toMatchObject({
      platforms: [{ outcome: 'failed', error: { code: 'PROMPT_GATE_REFUSED' } }],
      error: { code: 'PROMPT_GATE_REFUSED' },
    });
    expect((await cli('list')).out).toContain('production=v1 staging=v2');
    const { body: made } = await json('versions', 'triage');
    expect(made).toMatchObject({
      name: 'triage',
      versions: [
        { version: '2', labels: ['staging'], contentHash: expect.any(String) as unknown },
        { version: '1', labels: ['production'], createdAt: expect.any(String) as unknown },
      ],
    });
    expect((await cli('promote', 'triage')).out).toContain('production is v2 now (from v1)');
    expect((await cli('rollback', 'triage')).out).toContain('production is v1 now (from v2)');
    const { body } = await json('history', 'triage');
    expect(
      (body['moves'] as { label: string }[]).filter(({ label }) => label === 'production'),
    ).toMatchObject([
      { kind: 'rollback', from: '2', to: '1' },
      { kind: 'promote', from: '1', to: '2' },
      { kind: 'promote', to: '1', actor: 'ann', reason: 'first' },
    ]);
    expect((await cli('promote', 'triage', '--label', 'latest')).code).toBe(2);
    expect((await cli('promote', 'nobody')).code).toBe(3);
    const missing = [
      ['nobody', 'There is no prompt "nobody" on the platform.'],
      ['triage', '--version', '9', 'There is no version 9 of the prompt "triage"'],
      ['triage', '--label', 'beta', 'No version of the prompt "triage" has the label "beta"'],
    ];
    for (const asked of missing) {
      const { code, err } = await cli('get', ...asked.slice(0, -1));
      expect(code).toBe(3);
      expect(err).toContain(asked.at(-1) ?? '');
    }
  });

  it('shows drift with an exit code of its own', async () => {
    await edit('targets/triage/prompt.txt', 'Sort it now: {{text}}\n');
    const { code, out } = await cli('diff', 'triage');
    expect(code).toBe(12);
    expect(out).toContain('-Sort it: {{text}}');
    expect(out).toContain('+Sort it now: {{text}}');
  });

  it('pulls over nothing that was not pushed, unless it is told to', async () => {
    const path = join(harness.folder, 'targets/triage/prompt.txt');
    const refused = await json('pull', 'triage', '--label', 'production');
    expect(refused.code).toBe(4);
    expect(refused.body).toMatchObject({
      error: { code: 'PULL_CONFLICT', problems: [{ message: 'was edited and not pushed' }] },
    });
    expect(await readFile(path, 'utf8')).toBe('Sort it now: {{text}}\n');
    const forced = await cli('pull', 'triage', '--label', 'production', '--force');
    expect(forced).toMatchObject({ code: 0 });
    expect(await readFile(path, 'utf8')).toBe('Sort: {{text}}\n');
    // What was pushed once can be found there again, so it may be written over.
    expect((await cli('pull', 'triage')).code).toBe(0);
    expect(await readFile(path, 'utf8')).toBe('Sort it: {{text}}\n');
    expect((await json('pull', 'triage', '--version', '1')).body).toMatchObject({
      prompts: [{ name: 'triage', version: '1', state: 'changed' }],
    });
  });

  it('writes nothing where a name of the platform would leave its folder', async () => {
    for (const name of ['../evil', 'Twin', 'twin']) {
      await harness.platform.admin('POST', '/api/public/v2/prompts', {
        name,
        type: 'text',
        prompt: 'x',
      });
    }
    const { code, body } = await json('pull', '--dir', 'pulled');
    expect(code).toBe(4);
    expect(body).toMatchObject({
      error: {
        code: 'NAME_UNSAFE',
        problems: [{ at: '"../evil"' }, { at: '"Twin", "twin"' }],
      },
    });
    await expect(readFile(join(harness.folder, 'evil/prompt.txt'))).rejects.toThrow();
    await expect(readFile(join(harness.folder, 'pulled/triage/prompt.txt'))).rejects.toThrow();
  });
});

describe('a target whose prompt is kept on the platform', () => {
  it('runs the version of its label, and each trace says where that came from', async () => {
    const run = await harness.run({ name: 'live-run', target: 'live' });
    expect(run).toMatchObject({ status: 'completed', counts: { ok: 1 } });
    const rows = await harness.platform.observations(run.runUid, 'core,basic,metadata');
    expect(JSON.stringify(rows)).toContain('"assay.prompt_source":"platform"');
    expect(JSON.stringify(rows)).toContain('"assay.prompt_version":1');
  });
});

describe('a prompt that an application fetches', () => {
  it('is the last known good one while the platform is away, in a new process too', async () => {
    const wish = { project, name: 'triage', label: 'production' };
    const connections = parseConnections(harness.environment);
    const before = await AssayClient.connect({ connections, folder: harness.folder });
    const served = await before.prompts.fetch(wish);
    expect(served).toMatchObject({ source: 'platform', version: '1' });
    expect(await before.prompts.fetch(wish)).toMatchObject({ source: 'cache' });
    await before.close();
    await harness.platform.admin('POST', '/dev/faults', {
      kind: 'down',
      seconds: 60,
      pathPrefix: '/api/public/v2/prompts',
    });
    const after = await AssayClient.connect({ connections, folder: harness.folder });
    try {
      expect(await after.prompts.fetch(wish)).toMatchObject({
        source: 'last-known-good',
        version: '1',
        contentHash: served.contentHash,
        body: served.body,
      });
      expect(await after.prompts.fetch({ project, name: 'reply', label: 'staging' })).toMatchObject(
        {
          source: 'file',
          traceMetadata: { 'assay.prompt_source': 'file' },
        },
      );
    } finally {
      await after.close();
      await harness.platform.admin('DELETE', '/dev/faults');
    }
  });
});
