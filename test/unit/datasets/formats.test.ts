import { appendFile, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { DatasetItem } from '../../../src/contracts/records.js';
import { itemColumns, parseHeader } from '../../../src/datasets/csv-columns.js';
import { openLocalDataset, readLocalDataset } from '../../../src/datasets/local-dataset.js';
import { createProblemList } from '../../../src/datasets/problem-list.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-formats-'));
  await mkdir(join(folder, 'd'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = (name: string): string => join(folder, 'd', name);
const read = async (name: string, text: string | Uint8Array) => {
  await writeFile(file(name), text);
  return readLocalDataset(folder, 'd');
};
const problemsOf = async (name: string, text: string | Uint8Array): Promise<string[]> => {
  const error: unknown = await read(name, text).catch((reason: unknown) => reason);
  const { code, problems } = error as { code: string; problems: { at: string; message: string }[] };
  expect(code).toBe('DATASET_INVALID');
  return problems.map(({ at, message }) => `${at.replace(file(name), '')} ${message}`);
};

const jsonl = 'test_cases.jsonl';
const csv = 'test_cases.csv';

describe('a dataset in JSONL', () => {
  it('is read line by line with a byte order mark, CRLF, empty lines and no end at the end', async () => {
    const items = await read(
      jsonl,
      '\ufeff{"id":"a","inputs":{"x":"1"},"expected":null,"metadata":{"n":1}}\r\n\r\n  \n{"id":7,"inputs":{},"description":"last"}',
    );
    expect(items).toEqual([
      { id: 'a', input: { x: '1' }, expected: null, metadata: { n: 1 } },
      { id: '7', input: {}, metadata: {}, description: 'last' },
    ]);
  });

  it('is refused with each problem by its line, and its column where it is no JSON', async () => {
    const text = [
      '{"id":"a","inputs":{}}',
      '{"id":"a","inputs":{}}',
      '{"id":"b" "inputs":{}}',
      '{"inputs":{}}',
      '{"id":"c","inputs":3}',
      '[1]',
    ].join('\n');
    expect(await problemsOf(jsonl, text)).toEqual([
      ':2 repeats the id "a" of line 1',
      expect.stringMatching(/^:3:11 /),
      ':4 has no id',
      ':5: inputs is not an object',
      expect.stringMatching(/^:6 /),
    ]);
  });

  it('tells bytes that are no UTF-8', async () => {
    const bytes = Buffer.from('{"id":"a","inputs":{"x":"\xe4"}}\n', 'latin1');
    expect(await problemsOf(jsonl, bytes)).toEqual([':1 is not UTF-8']);
  });

  it('takes an item of 5 MB, and refuses a line of more than 16 MiB without reading it into memory', async () => {
    const large = JSON.stringify({ id: 'large', inputs: { x: 'y'.repeat(5_000_000) } });
    const items = await read(jsonl, `${large}\n{"id":"b","inputs":{}}`);
    expect(items?.map(({ id }) => id)).toEqual(['large', 'b']);
    await writeFile(file(jsonl), '{"id":"a","inputs":{}}\n{"id":"huge","inputs":{"x":"');
    const handle = await open(file(jsonl), 'a');
    for (let mib = 0; mib < 17; mib += 1) await handle.write('z'.repeat(1024 * 1024));
    await handle.close();
    await appendFile(file(jsonl), '"}}\n{"id":"after"}');
    await expect(readLocalDataset(folder, 'd')).rejects.toMatchObject({
      problems: [
        { at: `${file(jsonl)}:2`, message: 'is longer than 16 MiB' },
        { at: `${file(jsonl)}:3`, message: 'has no inputs' },
      ],
    });
  });

  it('comes in pages, and a text of another kind is told without looking for a million columns', async () => {
    const lines = Array.from({ length: 2_500 }, (_, n) => `{"id":${n},"inputs":{}}`).join('\n');
    await writeFile(file(jsonl), lines);
    const dataset = await openLocalDataset(folder, 'd');
    const sizes: number[] = [];
    const problems = createProblemList();
    for await (const page of dataset?.pages({ problems }) ?? []) sizes.push(page.length);
    expect(sizes).toEqual([1_000, 1_000, 500]);
    const error: unknown = await read(jsonl, 'no json\n'.repeat(5_000)).catch((e: unknown) => e);
    expect(error).toMatchObject({
      message: 'The dataset "d" has 5000 problems (the first 50 are listed).',
    });
  });
});

describe('a dataset in CSV', () => {
  it('is mapped by its header, with types where JSON writes a value in just that way', async () => {
    const items = await read(
      csv,
      [
        '\ufeffid,input.text,inputs.customer.age,input.zip,expected.category,expected.score:number,metadata.tags,description',
        '1,"a ""quote"", and\r\na line",42,01067,bug,1.0,"[""x"",1]",first',
        '2,TRUE,,1e3,null,,{no json,',
      ].join('\r\n'),
    );
    expect(items).toEqual([
      {
        id: '1',
        input: { text: 'a "quote", and\r\na line', customer: { age: 42 }, zip: '01067' },
        expected: { category: 'bug', score: 1 },
        metadata: { tags: ['x', 1] },
        description: 'first',
      },
      {
        id: '2',
        input: { text: true, zip: '1e3' },
        expected: { category: null },
        metadata: { tags: '{no json' },
      },
    ]);
  });

  it('keeps texts where the header says so, and takes semicolons and tabs', async () => {
    const semicolons = await read(csv, 'id;input.n:text;expected\n1;007,5;4\n2;;yes\n');
    expect(semicolons).toEqual([
      { id: '1', input: { n: '007,5' }, expected: 4, metadata: {} },
      { id: '2', input: { n: '' }, expected: 'yes', metadata: {} },
    ]);
    const tabs = await read(csv, 'id\tinput.n:text\n1\t12\n');
    expect(tabs?.[0]?.input).toEqual({ n: '12' });
  });

  it('keeps members with dangerous names as their own', async () => {
    const [item] = (await read(csv, 'id,input.__proto__.x\n1,y\n')) ?? [];
    expect(JSON.stringify(item?.input)).toBe('{"__proto__":{"x":"y"}}');
    expect(Object.getPrototypeOf(item?.input)).toBe(Object.prototype);
  });

  it('is refused with each problem by line and column', async () => {
    const text = [
      'id,input.n:number,expected:json,metadata.b:boolean',
      '1,x,{,maybe',
      '2,1',
      '"3\n",1,,',
      '4,1,,',
      '4,1,,',
    ].join('\n');
    expect(await problemsOf(csv, text)).toEqual([
      ':2: column 2 (input.n:number) is no number',
      ':2: column 3 (expected:json) is no JSON',
      ':2: column 4 (metadata.b:boolean) is neither true nor false',
      ':3 has 2 cells, the header has 4',
      ':4: id the id holds control characters',
      ':4: id the id begins or ends with white space',
      ':7 repeats the id "4" of line 6',
    ]);
  });

  it.each([
    ['a header it does not know', 'id,text\n1,x\n', ':1: column 2 is called "text"'],
    ['no id', 'input.x\n1\n', ':1: column 1 there is no column "id"'],
    [
      'two columns for one place',
      'id,input.a,input.a.b\n1,2,3\n',
      ':1: column 3 "input.a.b" gives what "input.a" gives as well',
    ],
    ['a quote that does not close', 'id,input.x\n1,a\n2,"b\n3,c\n', ':3 a quote that opens here'],
    ['a quote in the middle', 'id,input.x\n1,a"b\n', ':2 a quote stands inside a cell'],
  ])('is refused for %s', async (_what, text, problem) => {
    expect(await problemsOf(csv, text)).toContainEqual(expect.stringContaining(problem));
  });

  it('tells a quote that does not close although its header is wrong as well', async () => {
    const problems = await problemsOf(csv, 'id,text\n1,a\n2,"b\n3,c\n');
    expect(problems).toContainEqual(expect.stringContaining(':1: column 2 is called "text"'));
    expect(problems).toContainEqual(expect.stringContaining(':3 a quote that opens here'));
  });

  it('says once which columns there are, and how an input would be called', () => {
    const { problems } = parseHeader(['id', 'text', 'my.own']);
    expect(problems.map(({ message, mend }) => [message, mend])).toEqual([
      ['is called "text"', `An input is called "input.text". ${itemColumns.text}`],
      ['is called "my.own"', itemColumns.text],
      ['there is no column "input.NAME"', undefined],
    ]);
  });

  it('is refused where its bytes are no UTF-8, which would lose letters', async () => {
    const bytes = Buffer.from('id,input.x\n1,M\xfcller\n', 'latin1');
    await expect(read(csv, bytes)).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      message: expect.stringContaining('is not UTF-8'),
    });
  });
});

describe('a dataset in two forms', () => {
  it('is refused, whichever they are', async () => {
    await writeFile(file(csv), 'id,input.x\n1,y\n');
    await expect(read(jsonl, '{"id":1,"inputs":{}}')).rejects.toMatchObject({
      code: 'DATASET_AMBIGUOUS',
      message: expect.stringContaining('test_cases.jsonl and test_cases.csv'),
    });
    await rm(file(jsonl));
    await writeFile(file('expected.json'), '{}');
    await expect(readLocalDataset(folder, 'd')).rejects.toMatchObject({
      code: 'DATASET_AMBIGUOUS',
    });
  });
});

describe('a large JSON array', () => {
  it('is cut into its elements wherever the chunks of the file end', async () => {
    const texts = Array.from({ length: 3_000 }, (_, n) => `${'é"\\]},['.repeat(n % 200)}${n}`);
    const cases = texts.map((text, id) => ({ id, inputs: { text, deep: [[{ a: [] }]] } }));
    const items = (await read('test_cases.json', JSON.stringify(cases, null, 1))) as DatasetItem[];
    expect(items.map(({ input }) => input['text'])).toEqual(texts);
  });
});
