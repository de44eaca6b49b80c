import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runCli } from '../../src/cli/run-cli.js';
import type { Platform } from '../../src/platforms/port.js';
import { beginPush, stepPush } from '../../src/store/datasets/pushes.js';
import { runMigrations } from '../../src/store/migrate.js';
import { openStore } from '../../src/store/store.js';
import { recorded } from '../unit/cli/streams.js';
import { keys, TestServer } from './langfuse-support.js';
import { platformFor, soon } from './platform-langfuse-support.js';

let server: TestServer;
let platform: Platform;
let folder: string;

beforeAll(async () => {
  server = await TestServer.start();
  platform = platformFor(server.url);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-cli-datasets-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
afterAll(async () => {
  await platform.close();
  await server.stop();
});

async function cli(...args: string[]) {
  const [out, err] = [recorded(), recorded()];
  const code = await runCli(
    {
      stdout: out.stream,
      stderr: err.stream,
      cwd: folder,
      environment: {
        ASSAY_PROJECT: 'tests',
        LANGFUSE_HOST: server.url,
        LANGFUSE_PUBLIC_KEY: keys.publicKey,
        LANGFUSE_SECRET_KEY: keys.secretKey,
        DATABASE_URL: server.databaseUrl,
        TEMPORAL_ADDRESS: '127.0.0.1:1',
      },
    },
    ['datasets', ...args],
  );
  return { code, out: out.text(), err: err.text() };
}

/** A dataset on the platform. */
async function there(name: string, items: readonly { id: string; [field: string]: unknown }[]) {
  const dataset = await platform.datasets.ensure({ name }, soon());
  return platform.datasets.writeItems({
    dataset,
    items: items.map(({ id, input, ...rest }) => ({
      item: { id, input: (input ?? { text: id }) as never, metadata: {}, ...rest },
    })),
    signal: soon(),
  });
}

const file = (...path: string[]): string => join(folder, 'datasets', ...path);
const text = (...path: string[]): Promise<string> => readFile(file(...path), 'utf8');
async function put(path: string, content: string): Promise<void> {
  await mkdir(join(file(path), '..'), { recursive: true });
  await writeFile(file(path), content);
}

describe('assay datasets pull', () => {
  it('changes in the files what changed on the platform, and no other byte', async () => {
    const csv =
      'id;expected.category;input.text\r\n1;billing;"""Refund"""\r\n2;bug;"two\nlines"\r\n';
    await put('sheet/test_cases.csv', csv);
    const items = [
      { id: '1', input: { text: '"Refund"' }, expected: { category: 'billing' } },
      { id: '2', input: { text: 'two\nlines' }, expected: { category: 'other' } },
    ];
    await there('sheet', items);
    expect(await cli('pull', 'sheet', '--force')).toMatchObject({ code: 0, err: '' });
    expect(await text('sheet', 'test_cases.csv')).toBe(csv.replace('bug', 'other'));

    const cases = '[\n {"inputs": {"text": "a"}, "id": "1"},\n\n {"id": "2", "inputs": {}}\n]';
    await put('plain/test_cases.json', cases);
    await put('plain/expected.json', '{ "1": "x" }');
    await there('plain', [
      { id: '1', input: { text: 'a' }, expected: 'y' },
      { id: '2', input: {} },
    ]);
    const before = await stat(file('plain', 'test_cases.json'));
    expect(await cli('pull', 'plain', '--force')).toMatchObject({ code: 0, err: '' });
    expect(await text('plain', 'expected.json')).toBe('{ "1": "y" }');
    const after = await stat(file('plain', 'test_cases.json'));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  it('says which columns a CSV file got, and that files had to be written as a whole', async () => {
    await put('wider/test_cases.csv', 'id,input.text,expected.category\n1,a,bug\n');
    await there('wider', [{ id: '1', input: { text: 'a' }, expected: { category: 'bug', n: 1 } }]);
    expect(await cli('pull', 'wider', '--force')).toMatchObject({
      err: 'New columns, for what the others cannot say: expected.n.\n',
    });
    expect(await text('wider', 'test_cases.csv')).toBe(
      'id,input.text,expected.category,expected.n\n1,a,bug,1\n',
    );
    await put('other/test_cases.csv', 'id,input.text,expected.category\n1,a,bug\n');
    await there('other', [{ id: '1', input: { text: 'a' }, expected: 'bug' }]);
    const { err } = await cli('pull', 'other', '--force');
    expect(err).toContain('written as a whole');
    expect(await text('other', 'test_cases.csv')).toContain(
      'id:text,input.text:text,expected:text',
    );
  });

  it('writes cases and expectations, and the same again writes nothing', async () => {
    await there('tickets', [
      { id: 'T-10', expected: { category: 'bug' }, metadata: { split: 'train' } },
      { id: 'T-9', description: 'about' },
    ]);
    expect(await cli('pull', 'tickets')).toMatchObject({ code: 0 });
    expect(JSON.parse(await text('tickets', 'test_cases.json'))).toEqual([
      { id: 'T-9', inputs: { text: 'T-9' }, description: 'about' },
      { id: 'T-10', inputs: { text: 'T-10' }, metadata: { split: 'train' } },
    ]);
    expect(JSON.parse(await text('tickets', 'expected.json'))).toEqual({
      'T-10': { category: 'bug' },
    });
    expect((await readdir(file('tickets'))).sort()).toEqual(['expected.json', 'test_cases.json']);
    const again = await cli('pull', 'tickets');
    expect(again.out).toContain('holds the 2 items of Langfuse already');
    expect(await cli('diff', 'tickets')).toMatchObject({ code: 0 });
  });

  it('keeps the order and the form of the files, and puts what is new behind', async () => {
    await there('ordered', [{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }]);
    await put('ordered/test_cases.jsonl', '{"id":"c","inputs":{}}\n{"id":"a","inputs":{}}\n');
    expect(await cli('pull', 'ordered', '--force')).toMatchObject({ code: 0 });
    const lines = (await text('ordered', 'test_cases.jsonl')).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual([
      'c',
      'a',
      'b',
      'd',
    ]);
  });

  it('refuses to overwrite what was changed here, and says what; what was only pulled it replaces', async () => {
    await there('mine', [{ id: 'a' }, { id: 'b' }]);
    await cli('pull', 'mine');
    // Somebody changes it there: the files are as they were pulled.
    await there('mine', [{ id: 'a', input: { text: 'changed' } }]);
    expect(await cli('pull', 'mine')).toMatchObject({ code: 0 });
    expect(await text('mine', 'test_cases.json')).toContain('changed');
    const own = (await text('mine', 'test_cases.json')).replace('changed', 'my own');
    await put('mine/test_cases.json', own);
    const refused = await cli('pull', 'mine', '--json');
    expect(refused.code).toBe(4);
    expect(JSON.parse(refused.out)).toMatchObject({
      error: { code: 'PULL_CONFLICT', problems: [{ at: 'a', message: 'differs in inputs' }] },
    });
    expect(await text('mine', 'test_cases.json')).toBe(own);
    expect(await cli('pull', 'mine', '--force')).toMatchObject({ code: 0 });
    expect(await text('mine', 'test_cases.json')).toContain('changed');
  });

  it('drops nothing that only the files know without being asked to, and names file, item and member', async () => {
    const conflictOf = async (...args: string[]): Promise<unknown> => {
      const { code, out } = await cli('pull', ...args, '--json');
      expect(code).toBe(4);
      return (JSON.parse(out) as { error: unknown }).error;
    };
    // Of another form now: a table has no place for what is no field of an item.
    const lines =
      '{"id":"a","inputs":{"text":"a"}}\n{"id":"b","inputs":{"text":"b"},"note":"ours"}\n';
    await put('noted/test_cases.jsonl', lines);
    await there('noted', [{ id: 'a' }, { id: 'b' }]);
    expect(await cli('pull', 'noted')).toMatchObject({ code: 0 });
    expect(await conflictOf('noted', '--format', 'csv')).toMatchObject({
      code: 'PULL_CONFLICT',
      problems: [
        {
          at: `${file('noted', 'test_cases.jsonl')}:2 ("b")`,
          message: 'the member "note" is known to these files alone, and would be lost',
        },
      ],
    });
    expect(await readdir(file('noted'))).toEqual(['test_cases.jsonl']);
    expect(await text('noted', 'test_cases.jsonl')).toBe(lines);

    // Of the same form, where the columns contradict what is wanted.
    const csv = 'id,input.text,expected.category,metadata.owner\n1,a,bug,\n';
    await put('columns/test_cases.csv', csv);
    await there('columns', [{ id: '1', input: { text: 'a' }, expected: { category: 'bug' } }]);
    expect(await cli('pull', 'columns')).toMatchObject({ code: 0 });
    await there('columns', [{ id: '1', input: { text: 'a' }, expected: 'bug' }]);
    expect(await conflictOf('columns')).toMatchObject({
      code: 'PULL_CONFLICT',
      problems: [
        {
          at: file('columns', 'test_cases.csv'),
          message: 'the column "metadata.owner", which is empty so far, would be lost',
        },
      ],
    });
    expect(await text('columns', 'test_cases.csv')).toBe(csv);

    for (const name of ['noted', 'columns']) {
      expect(await cli('pull', name, '--format', 'csv', '--force')).toMatchObject({ code: 0 });
    }
    expect(await text('columns', 'test_cases.csv')).not.toContain('owner');
    expect(await readdir(file('noted'))).toEqual(['test_cases.csv']);
  });

  it('leaves files that are broken to their author', async () => {
    await there('broken', [{ id: 'a' }]);
    await put('broken/test_cases.json', '[{"id": "a", ');
    expect(await cli('pull', 'broken')).toMatchObject({ code: 4 });
    expect(await text('broken', 'test_cases.json')).toBe('[{"id": "a", ');
  });

  it('takes a version, and another form with --force in place of the old one', async () => {
    const { lastChange } = await there('dated', [{ id: 'a', expected: '=1+1' }]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await there('dated', [{ id: 'b' }]);
    expect(await cli('pull', 'dated', '--version', lastChange ?? '')).toMatchObject({ code: 0 });
    expect(JSON.parse(await text('dated', 'test_cases.json'))).toHaveLength(1);
    expect(await cli('diff', 'dated')).toMatchObject({ code: 12 });
    expect(await cli('diff', 'dated', `--version=${lastChange ?? ''}`)).toMatchObject({ code: 0 });
    expect(await cli('pull', 'dated', '--format', 'csv')).toMatchObject({ code: 0 });
    expect(await readdir(file('dated'))).toEqual(['test_cases.csv']);
    expect(await text('dated', 'test_cases.csv')).toBe(
      'id:text,input.text:text,expected:json\r\na,a,"""=1+1"""\r\nb,b,\r\n',
    );
    expect(await cli('diff', 'dated')).toMatchObject({ code: 0 });
    expect(await cli('pull', 'dated', '--version', 'yesterday')).toMatchObject({ code: 2 });
  });

  it('refuses names that would leave their folder, links, and two names of one folder; nothing is written', async () => {
    await there('../x', [{ id: 'a' }]);
    const outside = await cli('pull', '../x', '--json');
    expect(outside).toMatchObject({ code: 4 });
    expect(JSON.parse(outside.out)).toMatchObject({ error: { code: 'NAME_UNSAFE' } });
    expect(existsSync(join(folder, 'x'))).toBe(false);

    await there('linked', [{ id: 'a' }]);
    const elsewhere = join(folder, 'elsewhere');
    await mkdir(elsewhere);
    await mkdir(file());
    await symlink(elsewhere, file('linked'));
    expect(await cli('pull', 'linked', '--force')).toMatchObject({ code: 4 });
    expect(await readdir(elsewhere)).toEqual([]);

    await there('two names', [{ id: 'a' }]);
    await there('Two-Names', [{ id: 'a' }]);
    expect(await cli('pull', 'two names', 'Two-Names')).toMatchObject({ code: 4 });
    expect(await readdir(file())).toEqual(['linked']);
    // One of them, into a folder that is said.
    expect(await cli('pull', 'two names', '--as', 'two')).toMatchObject({ code: 0 });
    expect(await readdir(file('two'))).toEqual(['test_cases.json']);
    // The other one, later: the files are in step, with another dataset.
    await there('Two-Names', [{ id: 'b' }]);
    const other = await cli('pull', 'Two-Names', '--as', 'two', '--json');
    expect(other).toMatchObject({ code: 4 });
    expect(JSON.parse(other.out)).toMatchObject({ error: { code: 'PULL_CONFLICT' } });
  });

  it('refuses items that no file could hold', async () => {
    await platform.datasets.ensure({ name: 'odd' }, soon());
    await server.post('/api/public/dataset-items', {
      datasetName: 'odd',
      id: 'line\nbreak',
      input: {},
    });
    expect(await cli('pull', 'odd')).toMatchObject({ code: 2 });
    expect(existsSync(file('odd'))).toBe(false);
  });

  it('says that a dataset, or which one, is not known', async () => {
    expect(await cli('pull', 'nowhere')).toMatchObject({ code: 3 });
    expect(await cli('pull')).toMatchObject({ code: 2 });
    expect(await cli('pull', 'a', 'b', '--as', 'c')).toMatchObject({ code: 2 });
    expect(await cli('pull', 'a', '--backend', 'langsmith')).toMatchObject({ code: 5 });
  });
});

describe('assay datasets diff', () => {
  it('names what differs, with the fields, and ends with 1', async () => {
    await there('drift', [{ id: 'same' }, { id: 'gone' }, { id: 'other', expected: 'x' }]);
    await put(
      'drift/test_cases.jsonl',
      [
        { id: 'same', inputs: { text: 'same' } },
        { id: 'other', inputs: { text: 'other' }, expected: 'y', metadata: { split: 'test' } },
        { id: 'new', inputs: {} },
      ]
        .map((each) => JSON.stringify(each))
        .join('\n'),
    );
    const found = await cli('diff', 'drift', '--json');
    expect(found.code).toBe(12);
    expect(JSON.parse(found.out)).toEqual({
      dataset: 'drift',
      drift: true,
      platforms: [
        {
          platform: 'langfuse',
          here: 3,
          there: 3,
          unchanged: 1,
          added: 1,
          changed: 1,
          removed: 1,
          doubled: 0,
          examples: [
            { kind: 'added', id: 'new', item: { id: 'new', inputs: {} } },
            {
              kind: 'changed',
              id: 'other',
              fields: ['expected', 'splits'],
              values: [
                { at: 'expected', there: 'x', here: 'y' },
                { at: 'metadata', here: { split: 'test' } },
              ],
            },
            { kind: 'removed', id: 'gone', item: { id: 'gone', inputs: { text: 'gone' } } },
          ],
        },
      ],
    });
    const lines = (await cli('diff', 'drift', '--no-color')).out.split('\n');
    expect(lines.slice(1, 4)).toEqual(['  + new', '  ~ other: expected, splits', '  - gone']);
  });

  it('shows with --full both values, cut and harmless', async () => {
    const evil = `\u001b[31m${'x'.repeat(5_000)}`;
    await there('values', [{ id: 'a', input: { text: evil, n: 1 } }]);
    await put('values/test_cases.jsonl', '{"id":"a","inputs":{"text":"mine","n":1}}');
    const { code, out } = await cli('diff', 'values', '--full', '--no-color');
    expect(code).toBe(12);
    expect(out).not.toContain('\u001b[31m');
    expect(out).toMatch(/ {6}inputs\.text\n {8}- ".*…\n {8}\+ "mine"\n/u);
    expect(out.length).toBeLessThan(1_000);
    const found = JSON.parse((await cli('diff', 'values', '--json')).out) as {
      platforms: { examples: { values: { there: string }[] }[] }[];
    };
    expect(found.platforms[0]?.examples[0]?.values[0]?.there).toHaveLength(2_000);
  });

  it('takes a dataset that the platform has not for an empty one, and one that is not here for missing', async () => {
    await put('only-here/test_cases.jsonl', '{"id":"a","inputs":{}}');
    expect(await cli('diff', 'only-here')).toMatchObject({ code: 12 });
    expect(await cli('diff', 'not-here')).toMatchObject({ code: 3 });
  });
});

describe('assay datasets list and show', () => {
  it('list what is here and there, with counts', async () => {
    await there('both-sides', [{ id: 'a' }, { id: 'b' }]);
    await put('both-sides/test_cases.jsonl', '{"id":"a","inputs":{}}');
    await put('here-only/test_cases.jsonl', '{"id":"a","inputs":{}}');
    const { datasets } = JSON.parse((await cli('list', '--json')).out) as {
      datasets: { name: string }[];
    };
    expect(datasets).toEqual(
      expect.arrayContaining([
        { name: 'both-sides', local: true, platforms: { langfuse: { items: 2 } } },
        { name: 'here-only', local: true, platforms: {} },
      ]),
    );
  });

  it('show the files, their splits and schema, and the first items there', async () => {
    await there('shown', [{ id: 'a', input: { text: '\u001b[31mred' } }, { id: 'b' }]);
    await put('shown/test_cases.jsonl', '{"id":"a","inputs":{},"metadata":{"split":"train"}}');
    await put('shown/schema.json', '{"type":"object"}');
    const shown = await cli('show', 'shown');
    expect(shown.code).toBe(0);
    expect(shown.out).toContain('train 1');
    expect(shown.out).toContain('schema.json');
    expect(shown.out).not.toContain('\u001b[31mred');
    expect(JSON.parse((await cli('show', 'shown', '--json', '--items', '1')).out)).toMatchObject({
      name: 'shown',
      local: { items: 1, splits: { train: 1 } },
      platforms: [
        { platform: 'langfuse', items: 2, first: [{ splits: [], item: { inputs: {} } }] },
      ],
      pushes: [],
    });
    expect(await cli('show', 'nowhere')).toMatchObject({ code: 3 });
  });
});

describe('assay datasets show', () => {
  it('lists the last pushes, each with the version that other commands take', async () => {
    await runMigrations(server.databaseUrl);
    await there('often', [{ id: 'a' }]);
    const store = await openStore({ url: server.databaseUrl, applicationName: 'assay test' });
    try {
      for (let n = 1; n <= 7; n += 1) {
        const key = {
          project: 'tests',
          dataset: 'often',
          stamp: 'x',
          items: n,
          archiveRemoved: false,
        };
        const push = await beginPush(store, { ...key, pushId: `push-${n}`, platform: 'langfuse' });
        const lastChange = `2026-11-2${n}T12:00:00.000Z`;
        await stepPush(store, push, { phase: 'done', lastChange, add: { changed: n } });
      }
    } finally {
      await store.close();
    }
    const versions = async (...args: string[]) => {
      const { pushes } = JSON.parse((await cli('show', 'often', '--json', ...args)).out) as {
        pushes: { version: string; changed: number }[];
      };
      return pushes.map(({ version, changed }) => `${version.slice(8, 10)}:${changed}`);
    };
    expect(await versions()).toEqual(['27:7', '26:6', '25:5', '24:4', '23:3']);
    expect(await versions('--pushes', '2')).toEqual(['27:7', '26:6']);
    const { out } = await cli('show', 'often');
    expect(out.match(/version 2026-11-2\dT12:00:00/g)).toHaveLength(5);
    expect(out).toContain('can be given to --version');
  });
});

describe('assay datasets check', () => {
  it('finds what is wrong in all files, and asks no platform', async () => {
    await put('fine/test_cases.jsonl', '{"id":"a","inputs":{},"expected":1}');
    await put('bad/test_cases.csv', 'id,input.a\n1,x\n1,y\n');
    await put('unfit/test_cases.jsonl', '{"id":"a","inputs":{}}');
    await put('unfit/schema.json', '{"required":["expected"]}');
    const streams = { stdout: recorded(), stderr: recorded() };
    const run = (...args: string[]) =>
      runCli(
        {
          stdout: streams.stdout.stream,
          stderr: streams.stderr.stream,
          cwd: folder,
          environment: {},
        },
        ['datasets', 'check', ...args],
      );
    expect(await run('fine')).toBe(0);
    expect(await run('nowhere')).toBe(3);
    expect(await run('fine', '--all')).toBe(2);
    expect(await run('--all', '--json')).toBe(2);
    expect(streams.stdout.text()).toContain(
      'fine: 1 items, 1 with an expectation, no schema.json.',
    );
    const document = JSON.parse(streams.stdout.text().trim().split('\n').at(-1) ?? '') as unknown;
    expect(document).toMatchObject({
      ok: false,
      datasets: [
        { dataset: 'bad', ok: false, error: { code: 'DATASET_INVALID' } },
        { dataset: 'fine', ok: true, items: 1, schema: null },
        { dataset: 'unfit', ok: false, error: { code: 'DATASET_INVALID' } },
      ],
    });
    expect(await run('--all')).toBe(2);
    expect(streams.stderr.text()).toContain('repeats the id "1"');
    expect(streams.stderr.text()).toContain("must have required property 'expected'");
  });
});

describe('assay datasets push --dry-run', () => {
  it('says what would be written, after it has looked at all items; it writes nothing', async () => {
    await there('planned', [{ id: 'a' }, { id: 'b' }]);
    await put('planned/test_cases.jsonl', '{"id":"a","inputs":{"text":"new"}}');
    await put('wrong/test_cases.jsonl', '{"inputs":{}}');
    await put('judged/labels.jsonl', '{"id":"a","output":"x","label":true}');
    const one = await cli('push', 'planned', '--dry-run', '--archive-removed');
    expect(one).toMatchObject({
      code: 0,
      out: 'planned on Langfuse: would add 0, change 1, leave 0, 1 would be archived.\n',
      err: 'Nothing was written.\n',
    });
    const all = await cli('push', '--all', '--dry-run', '--json');
    expect(all.code).toBe(2);
    expect(
      all.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([
      {
        event: 'dry-run',
        dataset: 'planned',
        platforms: [{ changed: 1, removed: 1, archived: 0 }],
      },
      { dataset: 'wrong', error: { code: 'DATASET_INVALID' } },
    ]);
    expect(await cli('diff', 'planned')).toMatchObject({ code: 12 });
    expect(await cli('push')).toMatchObject({ code: 2 });
  });
});

describe('assay datasets push --dry-run of an item that the platform would refuse', () => {
  it('refuses it as the push would', async () => {
    const item = { id: 'a', inputs: { text: 'x'.repeat(5_000_000) } };
    await put('large/test_cases.jsonl', JSON.stringify(item));
    const { code, out } = await cli('push', 'large', '--dry-run', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      error: {
        code: 'DATASET_INVALID',
        problems: [{ message: 'takes 5.0 MB, the platform takes 4.4 MB an item' }],
      },
    });
  });
});

describe('assay --version', () => {
  it('is still that of assay', async () => {
    const out = recorded();
    const from = { stdout: out.stream, stderr: recorded().stream, cwd: folder, environment: {} };
    expect(await runCli(from, ['--version'])).toBe(0);
    expect(out.text()).toMatch(/^\d+\.\d+\.\d+/);
  });
});
