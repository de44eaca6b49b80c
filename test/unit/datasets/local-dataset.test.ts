import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { DatasetItem } from '../../../src/contracts/records.js';
import { localDatasetNames, readLocalDataset } from '../../../src/datasets/local-dataset.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-dataset-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const read = async (files: {
  cases?: unknown;
  expected?: unknown;
}): Promise<readonly DatasetItem[] | undefined> => {
  const text = (value: unknown): string =>
    typeof value === 'string' ? value : JSON.stringify(value);
  await mkdir(join(folder, 'tickets'), { recursive: true });
  if (files.cases !== undefined)
    await writeFile(join(folder, 'tickets/test_cases.json'), text(files.cases));
  if (files.expected !== undefined)
    await writeFile(join(folder, 'tickets/expected.json'), text(files.expected));
  return readLocalDataset(folder, 'tickets');
};
const cases = [
  { id: 'a', inputs: { text: 'x' }, description: 'first', metadata: { lang: 'en' } },
  { id: 2, inputs: {} },
];

describe('the datasets of a folder', () => {
  it('are the folders that hold cases, by name; none where the folder is not there', async () => {
    for (const name of ['b', 'a', 'no-cases']) await mkdir(join(folder, name));
    await writeFile(join(folder, 'b', 'test_cases.csv'), '');
    await writeFile(join(folder, 'a', 'test_cases.json'), '[]');
    await writeFile(join(folder, 'test_cases.json'), '[]');
    await expect(localDatasetNames(folder)).resolves.toEqual(['a', 'b']);
    await expect(localDatasetNames(join(folder, 'nowhere'))).resolves.toEqual([]);
  });
});

describe('a local dataset', () => {
  it('is read with its expectations, by id, in the order of its file', async () => {
    await expect(read({ cases, expected: { 2: 'two', a: { category: 'bug' } } })).resolves.toEqual([
      {
        id: 'a',
        input: { text: 'x' },
        metadata: { lang: 'en' },
        expected: { category: 'bug' },
        description: 'first',
      },
      { id: '2', input: {}, metadata: {}, expected: 'two' },
    ]);
  });

  it('takes expectations as a list too, and null and false as values', async () => {
    const expected = [
      { id: 'a', expected: null },
      { id: 2, output: false },
    ];
    const items = await read({ cases, expected });
    expect(items?.map((item) => item.expected)).toEqual([null, false]);
    const byId = await read({
      cases: [{ id: 'a', inputs: {}, expected: 'inline' }],
      expected: { a: null },
    });
    expect(byId?.[0]?.expected).toBeNull();
  });

  it('may have no expectations, which is not the same as expecting null', async () => {
    const items = await read({ cases });
    expect(items?.map((item) => 'expected' in item)).toEqual([false, false]);
  });

  it('keeps every JSON text of its items, hostile ones as well', async () => {
    const raw =
      '[{"id":"a","inputs":{"text":"\\u0000 \\ud83d </script>","__proto__":{"x":1},"n":1e21}}]';
    const [item] = (await read({ cases: raw })) ?? [];
    expect(JSON.stringify(item?.input)).toBe(
      '{"text":"\\u0000 \\ud83d </script>","__proto__":{"x":1},"n":1e+21}',
    );
  });

  it('is undefined where there is no such folder: it may live on the platform', async () => {
    await expect(readLocalDataset(folder, 'nowhere')).resolves.toBeUndefined();
  });

  it('may begin with a byte order mark', async () => {
    await expect(read({ cases: `\ufeff${JSON.stringify(cases)}` })).resolves.toHaveLength(2);
  });
});

describe('a local dataset that cannot be used', () => {
  it('is refused with every problem of both files at once', async () => {
    const wrong = [
      { inputs: {} },
      { id: 'x', inputs: {} },
      { id: 'x', inputs: {} },
      { id: 'y', inputs: 'text' },
      { id: 'bad\u001b[31m', inputs: {} },
      'nothing',
    ];
    await expect(read({ cases: wrong, expected: { x: 1, gone: 2 } })).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      message: 'The dataset "tickets" has 6 problems.',
      problems: [
        expect.objectContaining({
          at: expect.stringMatching(/test_cases\.json: \[0\]$/),
          message: 'has no id',
        }),
        expect.objectContaining({ message: 'repeats the id "x" of item [1]' }),
        expect.objectContaining({ at: expect.stringMatching(/\[3\] \("y"\)\.inputs$/) }),
        expect.objectContaining({ at: expect.stringMatching(/\[4\] \("bad\\u001b\[31m"\)\.id$/) }),
        expect.objectContaining({ at: expect.stringMatching(/\[5\]$/) }),
        expect.objectContaining({ at: expect.stringMatching(/expected\.json: gone$/) }),
      ],
    });
  });

  it('tells how many problems there are where they are too many to list', async () => {
    const many = Array.from({ length: 80 }, () => ({ inputs: {} }));
    const error: unknown = await read({ cases: many }).catch((each: unknown) => each);
    expect(error).toMatchObject({
      message: 'The dataset "tickets" has 80 problems (the first 50 are listed).',
    });
    expect((error as { problems: unknown[] }).problems).toHaveLength(50);
  });

  it('is told from one without items and from one whose file holds something else', async () => {
    await expect(read({ cases: [] })).rejects.toMatchObject({ code: 'DATASET_EMPTY' });
    await expect(read({ cases: { a: 1 } })).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      problems: [expect.objectContaining({ message: 'is not an array of items' })],
    });
    await expect(read({ cases, expected: '"text"' })).rejects.toMatchObject({
      code: 'DATASET_INVALID',
    });
    await expect(
      read({ cases, expected: [{ id: 'a' }, { id: 'a', expected: 1 }, { id: 'a', expected: 2 }] }),
    ).rejects.toMatchObject({
      problems: [
        expect.objectContaining({ message: 'is no {id, expected}' }),
        expect.objectContaining({ message: 'repeats the id "a"' }),
      ],
    });
  });

  it.each([
    ['a missing comma', '[\n  {"id": "a", "inputs": {}}\n  {"id": "b"}\n]', '3:3'],
    ['a text that does not end', '[\n {"id": "é', '2:11'],
    ['an end that is missing', '[\n  {"id": "a"}', '2:14'],
    ['a comma too many', '[{"id": "a", "inputs": {}},\n]', '1:27'],
    ['a single quote', "[{'id': 1}]", '1:3'],
  ])('names line and column of %s', async (_what, text, place) => {
    const at = `${join(folder, 'tickets/test_cases.json')}:${place}`;
    await expect(read({ cases: text })).rejects.toMatchObject({
      code: 'JSON_INVALID',
      message: expect.stringContaining(`${at}: `),
      problems: [expect.objectContaining({ at })],
    });
  });
});
