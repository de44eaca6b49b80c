import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DatasetItem } from '../../../src/contracts/records.js';
import { createCsvShape } from '../../../src/datasets/csv-shape.js';
import { createItemSpool } from '../../../src/datasets/item-spool.js';
import { readLocalDataset } from '../../../src/datasets/local-dataset.js';
import { writeDataset, type DatasetFormat } from '../../../src/datasets/write-dataset.js';

let folder: string;
let number = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-write-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes items through the spool, and says under which name they stand. */
async function write(format: DatasetFormat, items: readonly DatasetItem[]): Promise<string> {
  number += 1;
  const name = `set-${number}`;
  const home = join(folder, name);
  await mkdir(home, { recursive: true });
  const texts = { cases: '', expected: '' };
  const sink = (of: keyof typeof texts) => ({
    write: (text: string) => {
      texts[of] += text;
      return Promise.resolve();
    },
  });
  const shape = createCsvShape();
  const spool = await createItemSpool();
  try {
    for (const item of items) {
      shape.add(item);
      await spool.add(item);
    }
    const cases = sink('cases');
    if (format === 'csv') {
      shape.throwIfAny();
      await writeDataset(spool.items(), { format, cases, shape });
    } else if (format === 'jsonl') await writeDataset(spool.items(), { format, cases });
    else await writeDataset(spool.items(), { format, cases, expected: sink('expected') });
  } finally {
    await spool.close();
  }
  await writeFile(join(home, `test_cases.${format}`), texts.cases);
  if (format === 'json') await writeFile(join(home, 'expected.json'), texts.expected);
  return name;
}

const json = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value)) as never);
const key = fc.stringMatching(/^[a-z_:=+@ -]{1,6}$/).filter((text) => text !== '__proto__');
const object = fc.dictionary(key, fc.oneof(json, fc.string()), { maxKeys: 3 });
const item = fc.record(
  {
    id: fc.stringMatching(/^[-=+@a-z0-9"',;][a-z0-9"',;]{0,8}$/),
    input: object.filter((value) => Object.keys(value).length > 0),
    metadata: fc.oneof(object, fc.constant({ split: 'train' })),
    expected: fc.oneof(json, fc.string()),
    description: fc.string({ minLength: 1, maxLength: 20 }),
  },
  { requiredKeys: ['id', 'input', 'metadata'] },
);
const items = fc.uniqueArray(item, { minLength: 1, maxLength: 6, selector: ({ id }) => id });

describe.each(['json', 'jsonl', 'csv'] as const)('items written as %s', (format) => {
  it('are read back as they were', async () => {
    await fc.assert(
      fc.asyncProperty(items, async (given) => {
        const name = await write(format, given);
        expect(await readLocalDataset(folder, name)).toEqual(given);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a CSV file', () => {
  const one = (change: Partial<DatasetItem>): DatasetItem => ({
    id: 'a',
    input: { text: 'plain' },
    metadata: {},
    ...change,
  });

  it('has no cell that a spreadsheet runs', async () => {
    const evil = '=cmd|"/c calc"!A1';
    const rows = [
      one({ id: '=1+1', description: '@SUM(A1)', expected: '-2+3', input: { text: evil } }),
      one({ id: '\tb', input: { text: ' =1' }, metadata: { note: '+1', n: -5 } }),
    ];
    const name = await write('csv', [rows[0] ?? one({})]);
    const text = await readFile(join(folder, name, 'test_cases.csv'), 'utf8');
    const [, line = ''] = text.split('\r\n');
    // Each cell begins with the quote of its JSON text.
    for (const cell of line.split(/,(?=""*")/)) expect(cell).toMatch(/^""?"/);
    expect(await readLocalDataset(folder, name)).toEqual([rows[0]]);
  });

  it('is refused, with every reason, where items do not fit a table', async () => {
    const unfit = [one({ input: { 'a.b': 1 }, metadata: { 'x;y': 2 } })];
    await expect(write('csv', unfit)).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      problems: [{ at: 'inputs.a.b' }, { at: 'metadata.x;y' }],
    });
    await expect(write('csv', [one({ input: {} })])).rejects.toMatchObject({
      code: 'DATASET_INVALID',
    });
  });
});

describe('a spool', () => {
  it('gives items in any order, more of them than its buffer holds', async () => {
    const spool = await createItemSpool();
    const big = 'x'.repeat(1_000);
    const rows = Array.from({ length: 1_000 }, (_, n): DatasetItem => ({
      id: `é${n}`,
      input: { big, n },
      metadata: {},
    }));
    for (const row of rows) await spool.add(row);
    const found: string[] = [];
    for await (const { id } of spool.items([999, 0, 500])) found.push(id);
    await spool.close();
    expect(found).toEqual(['é999', 'é0', 'é500']);
    expect(spool.ids).toHaveLength(1_000);
  });
});
