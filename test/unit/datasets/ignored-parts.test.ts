import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Problem } from '../../../src/core/errors/assay-error.js';
import { openLocalDataset } from '../../../src/datasets/local-dataset.js';
import { ignoredParts, refuseToDrop } from '../../../src/datasets/rewrite/ignored-parts.js';

let folder: string;
let number = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-ignored-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function put(files: Readonly<Record<string, string>>) {
  const name = `set-${(number += 1)}`;
  await mkdir(join(folder, name));
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, name, file), text);
  const local = await openLocalDataset(folder, name);
  if (local === undefined) throw new Error('no dataset');
  return local;
}

/** Of items that all stay but "gone"; files without their folder. */
async function partsOf(
  files: Readonly<Record<string, string>>,
  format: 'json' | 'jsonl' | 'csv' = 'json',
  columns: Parameters<typeof ignoredParts>[1]['columns'] = [],
): Promise<readonly Problem[]> {
  const parts: Problem[] = [];
  const stays = ({ id }: { readonly id: string }): boolean => id !== 'gone';
  for await (const { at, message } of ignoredParts(await put(files), { stays, format, columns })) {
    parts.push({ at: at.slice(at.lastIndexOf('/') + 1), message });
  }
  return parts;
}

describe('what files that are written as a whole would lose', () => {
  it('is each member that no item has, in the cases and beside them, but of items that go anyway', async () => {
    const mark = '\ufeff';
    const cases = [
      { id: 1, inputs: {}, description: 'd', metadata: { note: 'kept' } },
      { id: '2', inputs: {}, expected: 'not read', __note: 'x', 'evil"\u001b': 1 },
      { id: 'gone', inputs: {}, note: 'goes with it' },
      { id: '3', inputs: {}, expected: 'read' },
    ];
    const expected = [
      { id: 1, expected: 'a', why: 'since' },
      { id: '2', output: 'b' },
      { id: 'gone', expected: 'c', why: 'x' },
    ];
    const parts = await partsOf({
      'test_cases.json': mark + JSON.stringify(cases),
      'expected.json': mark + JSON.stringify(expected),
    });
    const told = 'known to these files alone, and would be lost';
    expect(parts).toEqual([
      {
        at: 'test_cases.json: [1] ("2")',
        message: `the members "expected", "__note", "evil\\"\\u001b" are ${told}`,
      },
      { at: 'expected.json: [0] ("1")', message: `the member "why" is ${told}` },
    ]);
  });

  it('is nothing where files hold items alone', async () => {
    const item = { id: 'a', inputs: {}, expected: 1, description: 'd', metadata: { split: 's' } };
    expect(await partsOf({ 'test_cases.json': JSON.stringify([item]) })).toEqual([]);
    expect(await partsOf({ 'test_cases.jsonl': `\n${JSON.stringify(item)}\n` })).toEqual([]);
    const files = {
      'test_cases.json': '[{"id":"a","inputs":{}}]',
      'expected.json': '{"a":{"why":"1"}}',
    };
    expect(await partsOf(files)).toEqual([]);
  });

  it('is a column of a table without any value, where a table is written again', async () => {
    const csv =
      'id,input.a:text,input.b,description,metadata.c,expected:json\r\n1,,x,"",,\r\n2,,x,,"  ",null\r\n';
    const files = { 'test_cases.csv': csv };
    expect((await partsOf(files, 'csv')).map(({ message }) => message)).toEqual([
      'the column "description", which is empty so far, would be lost',
      'the column "metadata.c", which is empty so far, would be lost',
    ]);
    expect(await partsOf(files, 'json')).toEqual([]);
  });

  it('is no column that has values from now on', async () => {
    const files = { 'test_cases.csv': 'id,input.a,metadata.c,metadata.d\r\n1,x,,\r\n' };
    const column = { count: 1, plain: true };
    const written = [
      { ...column, member: 'inputs', key: 'a' },
      { ...column, member: 'metadata', key: 'c' },
    ] as const;
    expect((await partsOf(files, 'csv', written)).map(({ message }) => message)).toEqual([
      'the column "metadata.d", which is empty so far, would be lost',
    ]);
  });

  it.each([
    ['test_cases.csv', '\r\n', 'csv'],
    ['test_cases.csv', '', 'csv'],
    ['test_cases.jsonl', '\n', 'json'],
    ['test_cases.json', '', 'jsonl'],
    ['test_cases.json', ' \n', 'json'],
  ] as const)('is nothing where %s holds %j', async (file, text, format) => {
    expect(await partsOf({ [file]: text }, format)).toEqual([]);
  });

  it('is all of a file that cannot be read', async () => {
    const [part] = await partsOf({ 'test_cases.jsonl': '{"id": "a"\n' });
    expect(part?.message).toContain('cannot be read');
  });

  it('is counted where it is too much to be listed', async () => {
    const line = (_: unknown, index: number): string =>
      JSON.stringify({ id: `i${index}`, inputs: {}, ...Object.fromEntries(keys) });
    const keys = Array.from({ length: 9 }, (_, index) => [`k${index}`, 1] as const);
    const local = await put({ 'test_cases.jsonl': Array.from({ length: 25 }, line).join('\n') });
    const refused = refuseToDrop(local, {
      stays: () => true,
      format: 'csv',
      columns: [],
      home: 'here',
    });
    await expect(refused).rejects.toMatchObject({
      code: 'PULL_CONFLICT',
      message: expect.stringContaining('The first 20 of 25 are listed.') as unknown,
    });
    const problems = await refused.catch(
      (error: unknown) => (error as { problems: Problem[] }).problems,
    );
    expect(problems).toHaveLength(20);
    expect(JSON.stringify(problems)).toContain('and 4 more');
  });
});
