import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { AssayError } from '../../../src/core/errors/assay-error.js';
import { checkDataset, type CheckRequest } from '../../../src/datasets/check-dataset.js';
import { datasetStamp } from '../../../src/datasets/dataset-stamp.js';
import { openLocalDataset } from '../../../src/datasets/local-dataset.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-check-'));
  await mkdir(join(folder, 'set'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = (file: string, text: string): Promise<void> =>
  writeFile(join(folder, 'set', file), text);
const lines = (...items: object[]): string => items.map((each) => JSON.stringify(each)).join('\n');
const open = async () => {
  const dataset = await openLocalDataset(folder, 'set');
  if (dataset === undefined) throw new Error('no dataset');
  return dataset;
};
const check = async (request?: CheckRequest) => checkDataset(await open(), request);

const schema = {
  type: 'object',
  required: ['id', 'inputs', 'expected'],
  properties: {
    inputs: {
      type: 'object',
      required: ['text'],
      properties: { text: { type: 'string', minLength: 1 } },
    },
    expected: { enum: ['bug', 'billing'] },
    metadata: { type: 'object', additionalProperties: false, properties: { split: {} } },
  },
};

describe('a check', () => {
  it('counts items, expectations and splits', async () => {
    await put(
      'test_cases.csv',
      'id,input.text,expected,split\n1,a,bug,train\n2,b,,train\n3,c,bug,test\n',
    );
    expect(await check()).toMatchObject({
      items: 3,
      expected: 2,
      splits: { train: 2, test: 1 },
      schema: undefined,
    });
  });

  it('lists all that does not fit the schema by its line', async () => {
    await put('schema.json', JSON.stringify(schema));
    await put(
      'test_cases.jsonl',
      lines(
        { id: 'a', inputs: { text: 'x' }, expected: 'bug', metadata: { split: 'train' } },
        { id: 'b', inputs: { text: '' }, expected: 'nothing' },
        { id: 'c', inputs: {}, expected: 'bug', metadata: { team: 1 } },
      ),
    );
    const file = join(folder, 'set', 'test_cases.jsonl');
    await expect(check()).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      message: 'The dataset "set" has 4 problems.',
      problems: [
        { at: `${file}:2: inputs.text` },
        { at: `${file}:2: expected`, message: 'must be one of ["bug","billing"] (schema.json)' },
        { at: `${file}:3: inputs`, message: "must have required property 'text' (schema.json)" },
        { at: `${file}:3: metadata`, message: 'must not have "team" (schema.json)' },
      ],
    });
  });

  it('bounds the list and tells how many there are in all', async () => {
    await put('schema.json', JSON.stringify(schema));
    const bad = Array.from({ length: 400 }, (_, n) => ({
      id: `i${n}`,
      inputs: {},
      expected: 'bug',
    }));
    await put('test_cases.jsonl', lines(...bad));
    await expect(check()).rejects.toMatchObject({
      message: expect.stringContaining('400 problems (the first 50 are listed)') as unknown,
      problems: { length: 50 },
    });
  });

  it.each([
    ['[]', 'is not an object'],
    ['{"type": "thing"}', 'schema'],
    ['{"typ": "object"}', 'unknown keyword'],
    ['{"$schema": "https://example.com/mine"}', 'draft'],
    ['{"$async": true}', 'asynchronous'],
    ['{"$ref": "#/nowhere"}', 'nowhere'],
  ])('refuses %s, which is no schema', async (text, reason) => {
    await put('schema.json', text);
    await put('test_cases.jsonl', lines({ id: 'a', inputs: {} }));
    await expect(check()).rejects.toMatchObject({
      code: 'DATASET_SCHEMA_INVALID',
      problems: [{ message: expect.stringContaining(reason) as unknown }],
    });
  });

  it('says where a schema, and where a JSON dataset, is no JSON', async () => {
    await put('test_cases.json', '[{"id": "a", "inputs": {}}]');
    await put('schema.json', '{\n  "type": object\n}');
    const at = (file: string, place: string) => `${join(folder, 'set', file)}:${place}`;
    await expect(check()).rejects.toMatchObject({
      code: 'JSON_INVALID',
      problems: [{ at: at('schema.json', '2:11') }],
    });
    await put('schema.json', '{}');
    await put('test_cases.json', '[\n  {"id": "a" "inputs": {}}\n]');
    await expect(check()).rejects.toMatchObject({
      code: 'JSON_INVALID',
      problems: [{ at: at('test_cases.json', '2:14') }],
    });
  });

  it('finds two cases of one id, and an expectation without a case', async () => {
    await put(
      'test_cases.json',
      JSON.stringify([
        { id: 'a', inputs: {} },
        { id: 'a', inputs: {} },
      ]),
    );
    await put('expected.json', '{"a": 1, "gone": 2}');
    await expect(check()).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      problems: [
        { message: 'repeats the id "a" of item [0]' },
        { at: expect.stringContaining('expected.json: gone') as unknown },
      ],
    });
  });

  it('names an item that is larger than the platform takes, counted in bytes', async () => {
    const text = 'é'.repeat(600);
    await put('test_cases.jsonl', lines({ id: 'a', inputs: { text } }, { id: 'b', inputs: {} }));
    await expect(check({ largestItem: 1_000 })).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      problems: [{ at: expect.stringMatching(/test_cases\.jsonl:1$/) as unknown }],
    });
    expect(await check({ largestItem: 1_400 })).toMatchObject({ items: 2 });
  });

  it.each([
    ['test_cases.jsonl', '\n\n'],
    ['test_cases.jsonl', ''],
    ['test_cases.json', ''],
    ['test_cases.json', '\uFEFF \n'],
    ['test_cases.json', '[]'],
    ['test_cases.csv', ''],
    ['test_cases.csv', 'id,inputs.text\n'],
  ])('says of %s with %j that it is empty', async (file, text) => {
    await put(file, text);
    await expect(check()).rejects.toMatchObject({
      code: 'DATASET_EMPTY',
      mend: expect.stringContaining(file) as unknown,
    });
  });

  it('says of each line all that is wrong with it, in our words', async () => {
    await put(
      'test_cases.jsonl',
      ['[1]', '{"id":"a","inputs":"text","metadata":[]}', '{"inputs":{}', '{}'].join('\n'),
    );
    const file = join(folder, 'set', 'test_cases.jsonl');
    const error: unknown = await check().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'DATASET_INVALID' });
    expect((error as AssayError).problems.map(({ at, message }) => `${at}: ${message}`)).toEqual([
      `${file}:1: is not an object {"id", "inputs", …}`,
      `${file}:2: inputs: is not an object`,
      `${file}:2: metadata: is not an object`,
      `${file}:3:13: Expected "," in JSON but found end of file`,
      `${file}:4: has no id`,
      `${file}:4: has no inputs`,
    ]);
  });
});

describe('a stamp', () => {
  it('is that of the bytes of all files of the dataset', async () => {
    await put('test_cases.json', '[{"id": "a", "inputs": {}}]');
    const stamp = async () => datasetStamp(await open());
    const first = await stamp();
    expect(await stamp()).toBe(first);
    await put('notes.txt', 'not of it');
    expect(await stamp()).toBe(first);
    await put('expected.json', '{}');
    const second = await stamp();
    expect(second).not.toBe(first);
    await put('schema.json', '{}');
    expect(await stamp()).not.toBe(second);
  });
});
