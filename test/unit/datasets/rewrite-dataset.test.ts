import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DatasetItem } from '../../../src/contracts/records.js';
import { matchOf, type ItemComparison } from '../../../src/datasets/compare-dataset.js';
import { createItemSpool } from '../../../src/datasets/item-spool.js';
import { openLocalDataset, readLocalDataset } from '../../../src/datasets/local-dataset.js';
import type { CsvChanges } from '../../../src/datasets/rewrite/rewrite-csv.js';
import { filesOf, rewriteDataset } from '../../../src/datasets/rewrite/rewrite-dataset.js';
import { createWantedItems } from '../../../src/datasets/rewrite/wanted-items.js';

let folder: string;
let number = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-rewrite-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Files = Readonly<Record<string, string>>;

async function put(files: Files): Promise<string> {
  const name = `set-${(number += 1)}`;
  await mkdir(join(folder, name));
  for (const [file, text] of Object.entries(files)) {
    await writeFile(join(folder, name, file), text);
  }
  return name;
}

/** What the files become where the platform has those items, and what is read of them then. */
async function pulled(
  files: Files,
  change: (items: readonly DatasetItem[]) => readonly DatasetItem[],
): Promise<{ readonly files: Files; readonly changes: CsvChanges }> {
  const name = await put(files);
  const local = await openLocalDataset(folder, name);
  if (local === undefined) throw new Error('no dataset');
  const wanted = change((await readLocalDataset(folder, name)) ?? []);
  const spool = await createItemSpool();
  try {
    for (const item of wanted) await spool.add(item);
    const texts = new Map((await filesOf(local)).map((file) => [file, '']));
    const changes = await rewriteDataset(
      local,
      () => {
        const dataset = { id: name, name };
        // As LangSmith has them: by what an item is looked for, and not by the id that it has there.
        const comparison: ItemComparison = { platformId: ({ id }, item) => `${id}/${item.id}` };
        const matches = wanted.map((item) => matchOf(item, { comparison, dataset }));
        return createWantedItems({ spool, matches, comparison, dataset });
      },
      (file) => ({
        write: (text) => {
          texts.set(file, (texts.get(file) ?? '') + text);
          return Promise.resolve();
        },
      }),
    );
    const now = Object.fromEntries(texts);
    if (wanted.length > 0) {
      const read = (await readLocalDataset(folder, await put(now))) ?? [];
      const byId = (items: readonly DatasetItem[]) =>
        [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(byId(read)).toEqual(byId(wanted));
    }
    return { files: now, changes };
  } finally {
    await spool.close();
  }
}

const with_ =
  (id: string, change: (item: DatasetItem) => Partial<DatasetItem>) =>
  (items: readonly DatasetItem[]): readonly DatasetItem[] =>
    items.map((item) => (item.id === id ? { ...item, ...change(item) } : item));

/** The lines that differ, as `git diff` would show them. */
function differing(before: string, after: string): readonly (readonly [string, string])[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  expect(b).toHaveLength(a.length);
  return a.flatMap((line, index) => (line === b[index] ? [] : [[line, b[index] ?? ''] as const]));
}

const none = { added: [], retyped: [] };

describe('a pulled CSV file', () => {
  const csv = [
    'id,expected.category,input.text,metadata.n,description',
    '1,billing,"""Refund please""", 7 ,',
    '2,"bug","two\nlines","1e3",ä',
    '',
    '3,bug,plain,2,about',
    '',
  ];

  it.each([
    ['plain lines', (text: string) => text],
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a byte order mark', (text: string) => `\ufeff${text}`],
    ['semicolons', (text: string) => text.replaceAll(',', ';')],
    ['tabs', (text: string) => text.replaceAll(',', '\t')],
    ['no line end at its end', (text: string) => text.replace(/\n$/, '')],
  ])('with %s differs in the one record whose cell changed', async (_name, form) => {
    const before = form(csv.join('\n'));
    const { files, changes } = await pulled(
      { 'test_cases.csv': before },
      with_('3', () => ({ expected: { category: 'shipping' } })),
    );
    expect(changes).toEqual(none);
    const lines = differing(before, files['test_cases.csv'] ?? '');
    expect(lines).toHaveLength(1);
    const [[was, is] = ['', '']] = lines;
    expect(is).toBe(was.replace('bug', 'shipping'));
  });

  it('keeps the quotes of a cell, and quotes only where it must', async () => {
    const before = 'id,input.a,input.b\n1,"x",y\n2,"x",y\n';
    const { files } = await pulled(
      { 'test_cases.csv': before },
      with_('2', () => ({ input: { a: 'z', b: 'a, "b"' } })),
    );
    expect(files['test_cases.csv']).toBe('id,input.a,input.b\n1,"x",y\n2,"z","a, ""b"""\n');
  });

  it('loses the record that is gone, and gets new ones at its end', async () => {
    const { files } = await pulled(
      { 'test_cases.csv': 'id,input.a\r\n1,x\r\n2,y\r\n3,z' },
      (items) => [
        { id: '10', input: { a: 'new' }, metadata: {} },
        { id: '9', input: { a: 'newer' }, metadata: {} },
        ...items.filter(({ id }) => id !== '2'),
      ],
    );
    expect(files['test_cases.csv']).toBe('id,input.a\r\n1,x\r\n3,z\r\n9,newer\r\n10,new\r\n');
  });

  it('gets a column, and says so, for what its columns cannot say', async () => {
    const { files, changes } = await pulled(
      { 'test_cases.csv': 'id,input.a,expected.c\n1,x,p\n2,y,q\n' },
      with_('2', () => ({ expected: { c: 'q', d: 5 }, metadata: { split: 'dev' } })),
    );
    expect(changes).toEqual({ added: ['expected.d', 'split'], retyped: [] });
    expect(files['test_cases.csv']).toBe(
      'id,input.a,expected.c,expected.d,split\n1,x,p,,\n2,y,q,5,dev\n',
    );
  });

  it('changes the type of one column alone where that cannot say a value', async () => {
    const { files, changes } = await pulled(
      { 'test_cases.csv': 'id,input.zip:text,input.b\n1,01067,1.0\n2,10115,"y"\n' },
      with_('2', () => ({ input: { zip: '10115', b: '=1+1' } })),
    );
    expect(changes).toEqual({ added: [], retyped: ['input.b:json'] });
    expect(files['test_cases.csv']).toBe(
      'id,input.zip:text,input.b:json\n1,01067,"""1.0"""\n2,10115,"""=1+1"""\n',
    );
    const dropped = await pulled(
      { 'test_cases.csv': 'id,input.a:text,input.b\n1,x,1\n2,y,2\n' },
      with_('2', () => ({ input: { b: 2 } })),
    );
    expect(dropped.changes.retyped).toEqual(['input.a']);
    expect(dropped.files['test_cases.csv']).toBe('id,input.a,input.b\n1,x,1\n2,,2\n');
  });

  it('is left to be written as a whole where its columns contradict what is wanted', async () => {
    const files = { 'test_cases.csv': 'id,input.a,expected.c\n1,x,p\n' };
    await expect(
      pulled(
        files,
        with_('1', () => ({ expected: 'text' })),
      ),
    ).rejects.toThrow('no object where there are columns');
  });
});

describe('a pulled JSON Lines file', () => {
  const lines = [
    '{ "inputs": {"text": "a", "n": 1.0}, "id": "1", "note": "ours" }',
    '{"id":"2","metadata":{"x":[1,2]},"inputs":{"text":"b"},"expected":{"c":"bug"}}',
    '',
    '{"id": 3, "inputs": {"text": "\\u00e4"}}',
    '',
  ].join('\n');

  it.each([
    ['LF', (text: string) => text],
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a byte order mark', (text: string) => `\ufeff${text}`],
    ['no line end at its end', (text: string) => text.replace(/\n$/, '')],
  ])('with %s differs in the one value that changed', async (_name, form) => {
    const before = form(lines);
    const one = await pulled(
      { 'test_cases.jsonl': before },
      with_('2', () => ({ expected: { c: 'billing' } })),
    );
    expect(one.files['test_cases.jsonl']).toBe(before.replace('bug', 'billing'));
    const two = await pulled(
      { 'test_cases.jsonl': before },
      with_('1', ({ input }) => ({ input: { ...input, text: 'A', more: { y: [1, 2] } } })),
    );
    expect(two.files['test_cases.jsonl']).toBe(
      before.replace('"a", "n": 1.0}', '"A", "n": 1.0, "more": {"y": [1, 2]}}'),
    );
  });

  it('gets new items after the others, and loses those that are gone', async () => {
    const { files } = await pulled({ 'test_cases.jsonl': lines.trimEnd() }, (items) => [
      ...items.filter(({ id }) => id !== '1'),
      { id: '10', input: { text: 'c' }, metadata: {} },
    ]);
    const [, ...rest] = lines.trimEnd().split('\n');
    expect(files['test_cases.jsonl']).toBe(
      [
        ...rest,
        '{ "id": "10", "inputs": { "text": "c" } }'.replaceAll('{ ', '{').replaceAll(' }', '}'),
        '',
      ].join('\n'),
    );
  });
});

describe('a pulled JSON file', () => {
  const cases = `[
    { "inputs": { "text": "a",
                  "n": 1.0 }, "id": "1" },
    {
        "id": "2",
        "metadata": { "tags": [ "x", "y" ] },
        "inputs": {
            "text": "b"
        }
    },
    { "id": "3", "inputs": {"text": "c"}, "expected": "inline" }
]
`;
  const expected = `{
    "2": { "category": "bug", "urgent": false },
    "1": {
        "category": "billing"
    }
}
`;
  const files = { 'test_cases.json': cases, 'expected.json': expected };

  it.each([
    ['LF', (text: string) => text],
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a byte order mark', (text: string) => `\ufeff${text}`],
  ])('with %s differs in the one value that changed', async (_name, form) => {
    const given = Object.fromEntries(
      Object.entries(files).map(([file, text]) => [file, form(text)]),
    );
    const text = await pulled(
      given,
      with_('2', () => ({ input: { text: 'B' } })),
    );
    expect(text.files).toEqual({
      ...given,
      'test_cases.json': form(cases.replace('"b"', '"B"')),
    });
    const wanted = with_('1', () => ({ expected: { category: 'other' } }));
    expect((await pulled(given, wanted)).files).toEqual({
      ...given,
      'expected.json': form(expected.replace('"billing"', '"other"')),
    });
    const own = await pulled(
      given,
      with_('3', () => ({ expected: 'changed' })),
    );
    expect(own.files).toEqual({
      ...given,
      'test_cases.json': form(cases.replace('inline', 'changed')),
    });
  });

  it('keeps lists, white space and the order of keys around what changed', async () => {
    const wanted = with_('2', () => ({
      metadata: { tags: ['x', 'z', 'y'], more: { deep: [1] } },
      expected: { urgent: true, category: 'bug' },
    }));
    expect((await pulled(files, wanted)).files).toEqual({
      'test_cases.json': cases.replace(
        '{ "tags": [ "x", "y" ] }',
        '{ "tags": [ "x", "z", "y" ], "more": {"deep": [1]} }',
      ),
      'expected.json': expected.replace('false', 'true'),
    });
  });

  it('loses and gets items as the others are written', async () => {
    const { files: now } = await pulled(files, (items) => [
      { id: '4', input: { text: 'd' }, expected: { category: 'new' }, metadata: {} },
      ...items.filter(({ id }) => id !== '1' && id !== '3'),
    ]);
    expect(now).toEqual({
      'test_cases.json': `[
    {
        "id": "2",
        "metadata": { "tags": [ "x", "y" ] },
        "inputs": {
            "text": "b"
        }
    },
    {
        "id": "4",
        "inputs": {
            "text": "d"
        }
    }
]
`,
      'expected.json': `{
    "2": { "category": "bug", "urgent": false },
    "4": {
        "category": "new"
    }
}
`,
    });
  });

  it('can be a list of expectations, an empty list, or have none', async () => {
    const list = '[{"id":"1","output":{"c":1}},{"id":"2","expected":2}]';
    const given = {
      'test_cases.json': '[{"id":"1","inputs":{}},{"id":"2","inputs":{}}]',
      'expected.json': list,
    };
    const changed = await pulled(given, (items) => [
      ...with_('1', () => ({ expected: { c: 5 } }))(items).filter(({ id }) => id === '1'),
      { id: '3', input: {}, expected: 'x', metadata: {} },
    ]);
    expect(changed.files).toEqual({
      'test_cases.json': '[{"id":"1","inputs":{}},{"id":"3","inputs":{}}]',
      'expected.json': '[{"id":"1","output":{"c":5}},{"id":"3","expected":"x"}]',
    });
    const one = await pulled({ 'test_cases.json': '[\n{"id":"1","inputs":{}}\n]' }, () => [
      { id: '2', input: { a: 1 }, expected: 3, metadata: {} },
    ]);
    expect(one.files['test_cases.json']).toBe('[\n{"id":"2","inputs":{"a":1},"expected":3}\n]');
  });
});

const json = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value)) as never);
const key = fc.stringMatching(/^[a-z_:]{1,4}$/);
const object = fc.dictionary(key, fc.oneof(json, fc.string()), { maxKeys: 3 });
const content = fc.record(
  {
    input: object.filter((value) => Object.keys(value).length > 0),
    metadata: object,
    expected: fc.oneof(json, fc.string()),
    description: fc.string({ minLength: 1, maxLength: 10 }),
  },
  { requiredKeys: ['input', 'metadata'] },
);
const many = fc.array(content, { minLength: 1, maxLength: 5 });

describe('pulled files, whatever changed', () => {
  it.each(['json', 'jsonl'] as const)('say as %s what is wanted', async (form) => {
    await fc.assert(
      fc.asyncProperty(many, many, fc.constantFrom(0, 2), async (before, after, indent) => {
        const elements = before.map(({ input, ...rest }, id) => ({
          ...rest,
          id: String(id),
          inputs: input,
        }));
        const text =
          form === 'json'
            ? JSON.stringify(elements, undefined, indent)
            : elements.map((each) => JSON.stringify(each)).join('\n');
        // `pulled` holds what is read of the files to what was wanted.
        await pulled({ [`test_cases.${form}`]: text }, () =>
          after.map((item, id): DatasetItem => ({ id: String(id + 1), ...item })),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('differ in one line of CSV for one cell', async () => {
    const cell = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom('a,b', '"q"', 'x\ny', ' s '),
    );
    const rows = fc.array(fc.tuple(cell, cell), { minLength: 2, maxLength: 6 });
    const form = fc.record({
      delimiter: fc.constantFrom(',', ';', '\t'),
      end: fc.constantFrom('\n', '\r\n'),
      all: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(rows, form, fc.nat(), async (texts, { delimiter, end, all }, pick) => {
        const write = (text: string): string =>
          all || text.includes(delimiter) || /["\r\n]/.test(text)
            ? `"${text.replaceAll('"', '""')}"`
            : text;
        const lines = texts.map(([a, b], id) =>
          [String(id), `a${a}`, b].map(write).join(delimiter),
        );
        const text = `${['id', 'input.a', 'input.b'].map(write).join(delimiter)}${end}${lines.join(end)}${end}`;
        const id = String(pick % texts.length);
        const { files, changes } = await pulled(
          { 'test_cases.csv': text },
          with_(id, ({ input }) => ({ input: { ...input, a: 'changed' } })),
        );
        expect(changes).toEqual(none);
        const line = lines[Number(id)] ?? '';
        const [was = ''] = [texts[Number(id)]?.[0] ?? ''].map((a) => write(`a${a}`));
        const now = write('changed');
        const quotedNow = was.startsWith('"') ? '"changed"' : now;
        const after = line.replace(
          `${write(id)}${delimiter}${was}`,
          () => `${write(id)}${delimiter}${quotedNow}`,
        );
        expect(files['test_cases.csv']).toBe(text.replace(line, () => after));
      }),
      { numRuns: 100 },
    );
  });
});
