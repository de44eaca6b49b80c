import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { DatasetItem } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import { itemHash } from '../core/manifest/dataset-hash.js';
import { pullMark } from '../core/pull-mark.js';
import { labelledColumns } from './csv-columns.js';
import { csvDataset } from './csv-dataset.js';
import { createDatasetFingerprint } from './dataset-fingerprint.js';
import { emptyDataset, tellRepeated } from './dataset-problems.js';
import { jsonDataset } from './json-dataset.js';
import { jsonlDataset } from './jsonl-dataset.js';
import { beginLabelled } from './parse-labelled.js';
import type { LocalDataset } from './port.js';
import { createProblemList } from './problem-list.js';

/** The forms of a dataset: one of them, never two. */
const caseFiles = [
  'test_cases.json',
  'test_cases.jsonl',
  'test_cases.csv',
  'labels.json',
  'labels.jsonl',
  'labels.csv',
] as const;
const expectedFile = 'expected.json';

/**
 * The dataset of that name in the project's folder: `test_cases.json` (with `expected.json`), `test_cases.jsonl` or
 * `test_cases.csv`; or a labelled set, `labels.json`, `.jsonl` or `.csv`. Nothing is read yet.
 *
 * @returns undefined where there is no such dataset in the folder.
 * @throws AssayError DATASET_AMBIGUOUS where it is there in two forms, DATASET_INVALID (the folder is unreadable),
 *   PULL_INTERRUPTED where its files are of two moments
 */
export async function openLocalDataset(
  folder: string,
  name: string,
): Promise<LocalDataset | undefined> {
  const home = join(folder, name);
  const files = await filesIn(home);
  if (files.has(pullMark)) {
    throw new AssayError('PULL_INTERRUPTED', `A pull into ${home} was interrupted.`, {
      mend: 'Pull it again: some of its files are new and others old.',
    });
  }
  const present = caseFiles.filter((file) => files.has(file));
  const [only, other] = present;
  if (only === undefined) return undefined;
  if (other !== undefined) {
    throw new AssayError(
      'DATASET_AMBIGUOUS',
      `The dataset "${name}" has ${present.join(' and ')}: one of them would be ignored.`,
      { mend: `Keep one of them in ${home}.` },
    );
  }
  const cases = join(home, only);
  const expected = join(home, expectedFile);
  if (only === 'test_cases.json') return jsonDataset(name, { cases, expected });
  if (files.has(expectedFile)) {
    throw new AssayError(
      'DATASET_AMBIGUOUS',
      `The dataset "${name}" has ${expectedFile} beside ${only}, which holds what is expected itself.`,
      { mend: `Put what is expected into ${only}, and remove ${expected}.` },
    );
  }
  switch (only) {
    case 'test_cases.jsonl':
      return jsonlDataset(name, cases);
    case 'test_cases.csv':
      return csvDataset(name, cases);
    case 'labels.json':
      return jsonDataset(name, { cases, expected }, beginLabelled);
    case 'labels.jsonl':
      return jsonlDataset(name, cases, beginLabelled);
    case 'labels.csv':
      return csvDataset(name, cases, { columns: labelledColumns, begin: beginLabelled });
  }
}

/** The names of the datasets in the project's folder, sorted; none where it cannot be read. */
export async function localDatasetNames(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const homes = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map(async ({ name }) => {
        const files = await filesIn(join(folder, name)).catch(() => new Set<string>());
        return caseFiles.some((file) => files.has(file)) ? [name] : [];
      }),
  );
  return homes.flat().sort();
}

async function filesIn(home: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(home));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return new Set();
    throw new AssayError('DATASET_INVALID', `${home} cannot be read.`, { cause: error });
  }
}

/**
 * All items of a local dataset at once, for those that are small. Runs stream them instead.
 *
 * @returns undefined where there is no such dataset in the folder.
 * @throws AssayError JSON_INVALID (with line and column), DATASET_INVALID (all problems), DATASET_EMPTY, DATASET_AMBIGUOUS
 */
export async function readLocalDataset(
  folder: string,
  name: string,
): Promise<readonly DatasetItem[] | undefined> {
  const dataset = await openLocalDataset(folder, name);
  if (dataset === undefined) return undefined;
  const problems = createProblemList();
  const fingerprint = createDatasetFingerprint();
  const items: DatasetItem[] = [];
  try {
    for await (const page of dataset.pages({ problems })) {
      for (const { item, place } of page) {
        items.push(item);
        await fingerprint.add({ id: item.id, hash: itemHash(item), place });
      }
    }
    const { repeated } = await fingerprint.finish();
    tellRepeated(dataset, { repeated, problems });
  } finally {
    await fingerprint.close();
  }
  problems.throwIfAny(name);
  if (items.length === 0) throw emptyDataset(dataset);
  return items;
}
