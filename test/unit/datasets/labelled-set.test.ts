import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { DatasetItem } from '../../../src/contracts/records.js';
import { AssayError, type Problem } from '../../../src/core/errors/assay-error.js';
import { readLocalDataset } from '../../../src/datasets/local-dataset.js';

let root: string;
let sets = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'assay-labelled-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function read(files: Readonly<Record<string, string>>): Promise<readonly DatasetItem[]> {
  sets += 1;
  const name = `set-${sets}`;
  await mkdir(join(root, name));
  for (const [file, text] of Object.entries(files)) await writeFile(join(root, name, file), text);
  const items = await readLocalDataset(root, name);
  if (items === undefined) throw new Error('there is no such set');
  return items;
}
const refusedOf = async (files: Readonly<Record<string, string>>): Promise<readonly Problem[]> => {
  try {
    await read(files);
  } catch (error) {
    if (AssayError.is(error)) return error.problems;
    throw error;
  }
  return [];
};
const problemsOf = async (files: Readonly<Record<string, string>>): Promise<readonly string[]> =>
  (await refusedOf(files)).map(({ message }) => message);

const items: readonly DatasetItem[] = [
  {
    id: 'a',
    input: { q: 'hi' },
    expected: 'Hello!',
    metadata: { lang: 'en', judged_output: 'Hello', human_label: true },
  },
  { id: 'b', input: {}, metadata: { judged_output: 'No.', human_label: false } },
];

describe('a labelled set', () => {
  const list = [
    {
      id: 'a',
      inputs: { q: 'hi' },
      output: 'Hello',
      label: true,
      expected: 'Hello!',
      metadata: { lang: 'en' },
    },
    { id: 'b', output: 'No.', label: false },
  ];

  it('is read from JSON, JSON lines and CSV as the same items', async () => {
    expect(await read({ 'labels.json': JSON.stringify(list) })).toEqual(items);
    const lines = list.map((each) => JSON.stringify(each)).join('\n');
    expect(await read({ 'labels.jsonl': lines })).toEqual(items);
    const csv =
      'id,input.q,output,label,expected,metadata.lang\na,hi,Hello,true,Hello!,en\nb,,No.,false,,\n';
    expect(await read({ 'labels.csv': csv })).toEqual(items);
  });

  it('takes outputs of any JSON, and of columns', async () => {
    const [item] = await read({ 'labels.csv': 'id,output.reply,output.n,label\na,Hello,5,pass\n' });
    expect(item?.metadata['judged_output']).toEqual({ reply: 'Hello', n: 5 });
  });

  it('keeps what is judged and what people said out of what a judge sees', async () => {
    const [item] = await read({ 'labels.json': JSON.stringify(list) });
    expect(JSON.stringify([item?.input, item?.expected])).not.toMatch(/judged_output|human_label/);
  });

  it.each([
    ['without a label', [{ id: 'a', output: 'x' }], ['has no label']],
    ['with an empty label', [{ id: 'a', output: 'x', label: '' }], ['has no label']],
    ['without an output', [{ id: 'a', label: true }], ['has no output']],
    [
      'with labels of two kinds',
      [
        { id: 'a', output: 'x', label: true },
        { id: 'b', output: 'x', label: 0.5 },
        { id: 'c', output: 'x', label: 'tie' },
      ],
      [
        'has a label of another kind than those before it, which are true or false, or "pass" or "fail"',
        'has a label of another kind than those before it, which are true or false, or "pass" or "fail"',
      ],
    ],
    [
      'with a label that is none',
      [{ id: 'a', output: 'x', label: 'good' }],
      [expect.stringContaining('has a label that is none of')],
    ],
    [
      'with a number that is no grade',
      [{ id: 'a', output: 'x', label: 7 }],
      [expect.stringContaining('outside of 0 to 1')],
    ],
    [
      'with metadata in the place of its own',
      [{ id: 'a', output: 'x', label: true, metadata: { human_label: false } }],
      [expect.stringContaining('"human_label"')],
    ],
  ])('is refused %s', async (_case, raw, problems) => {
    expect(await problemsOf({ 'labels.json': JSON.stringify(raw) })).toEqual(problems);
    const lines = raw.map((each) => JSON.stringify(each)).join('\n');
    expect(await problemsOf({ 'labels.jsonl': lines })).toEqual(problems);
  });

  it('is refused with members that a labelled item does not have, each told with its place', async () => {
    const wrong = [
      { id: 'a', input: { q: 'hi' }, output: 'x', label: true },
      { id: 'b', output: 'x', label: true, Labels: false, 'evil"\u001b': 1 },
      { id: 'c', inputs: null, output: 'x', label: true, meta: {} },
    ];
    const told = [
      ['[0] ("a").input', 'is no member of a labelled item'],
      ['[1] ("b").Labels', 'is no member of a labelled item'],
      [String.raw`[1] ("b")["evil\"\u001b"]`, 'is no member of a labelled item'],
      ['[2] ("c").meta', 'is no member of a labelled item'],
      ['[2] ("c").inputs', 'is not an object'],
    ];
    const problems = await refusedOf({ 'labels.json': JSON.stringify(wrong) });
    expect(
      problems.map(({ at, message }) => [at.slice(at.indexOf('labels.json: ') + 13), message]),
    ).toEqual(told);
    expect(problems[0]?.mend).toBe(
      'Name it "inputs". Members are id, output, label, inputs, expected, metadata and description.',
    );
    expect(problems[1]?.mend).toBe('Name it "label".');
    expect(problems[3]?.mend).toBe('Put it into metadata, or remove it.');
    const lines = wrong.map((each) => JSON.stringify(each)).join('\n');
    expect((await refusedOf({ 'labels.jsonl': lines })).map(({ message }) => message)).toEqual(
      told.map(([, message]) => message),
    );
  });

  it('is refused with an id that comes twice', async () => {
    const twice = [list[0], list[0]];
    const [problem] = await problemsOf({ 'labels.json': JSON.stringify(twice) });
    expect(problem).toMatch(/\[0\]|item/);
  });

  it('is refused as CSV without the columns that it needs', async () => {
    expect(await problemsOf({ 'labels.csv': 'id,input.q\na,hi\n' })).toEqual([
      'there is no column "output"',
      'there is no column "label"',
    ]);
  });

  it('is refused beside a dataset of the same name', async () => {
    const reading = read({ 'labels.json': JSON.stringify(list), 'test_cases.jsonl': '{}' });
    await expect(reading).rejects.toMatchObject({ code: 'DATASET_AMBIGUOUS' });
  });

  it('takes an empty one for what it is', async () => {
    await expect(read({ 'labels.json': '[]' })).rejects.toMatchObject({ code: 'DATASET_EMPTY' });
  });
});

describe('a dataset', () => {
  it('has no columns for outputs and labels', async () => {
    const [problem] = await problemsOf({ 'test_cases.csv': 'id,input.q,label\na,hi,true\n' });
    expect(problem).toContain('is called "label"');
  });
});
