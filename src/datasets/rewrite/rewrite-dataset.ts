import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { AssayError } from '../../core/errors/assay-error.js';
import { readExpectations } from '../expectations.js';
import type { LocalDataset } from '../port.js';
import { createProblemList } from '../problem-list.js';
import type { TextSink } from '../write-dataset.js';
import { NotRewritable } from './item-text.js';
import { rewriteCsv, type CsvChanges } from './rewrite-csv.js';
import { rewriteJson } from './rewrite-json.js';
import { rewriteJsonl } from './rewrite-jsonl.js';
import type { WantedItems } from './wanted-items.js';

/** Beside the cases, what is expected of them. */
export const expectedFile = 'expected.json';

/** The files of a dataset that are written together. */
export async function filesOf({ file, format }: LocalDataset): Promise<readonly string[]> {
  const cases = `test_cases.${format}`;
  if (format !== 'json') return [cases];
  const isThere = await stat(join(dirname(file), expectedFile)).then(
    () => true,
    () => false,
  );
  return isThere ? [cases, expectedFile] : [cases];
}

/**
 * Writes the files of a dataset anew so that they say what is wanted, and all that did not change is as it was, byte for byte.
 * Memory does not grow with them, but by what is expected in `expected.json`.
 *
 * @param sinks of each of {@link filesOf}.
 * @throws NotRewritable where they must be written as a whole: they cannot be read without problems, or their columns contradict
 *   what is wanted.
 */
export async function rewriteDataset(
  local: LocalDataset,
  wanted: () => WantedItems,
  sinks: (file: string) => TextSink,
): Promise<CsvChanges> {
  await requireSound(local);
  const { file, format } = local;
  const cases = sinks(`test_cases.${format}`);
  switch (format) {
    case 'csv':
      return rewriteCsv(file, wanted, cases);
    case 'jsonl':
      await rewriteJsonl(file, wanted(), cases);
      break;
    case 'json': {
      const files = await filesOf(local);
      const beside = join(dirname(file), expectedFile);
      const expected = files.includes(expectedFile)
        ? {
            file: beside,
            sink: sinks(expectedFile),
            held: await readExpectations(beside, createProblemList()),
          }
        : undefined;
      await rewriteJson(file, wanted(), { cases, expected });
    }
  }
  return { added: [], retyped: [] };
}

/** What is cut into pieces here is taken for well-formed. @throws NotRewritable */
export async function requireSound(local: LocalDataset): Promise<void> {
  const problems = createProblemList();
  try {
    for await (const _page of local.pages({ problems }));
  } catch (error) {
    if (AssayError.is(error)) throw new NotRewritable(error.message);
    throw error;
  }
  if (problems.count > 0) throw new NotRewritable('the files have problems');
}
