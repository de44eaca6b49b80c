import { readFile, stat } from 'node:fs/promises';

import { AssayError } from '../core/errors/assay-error.js';
import { isObject, type Json } from '../core/json/json.js';
import { deepestNesting, nestsDeeperThan } from '../core/json/nesting.js';
import { readJson } from './read-json.js';
import { tooDeep } from './parse-item.js';
import type { ProblemList } from './problem-list.js';

/** `expected.json` is joined by id, so it is held as a whole. */
export const largestExpectations = 64 * 1024 * 1024;

/**
 * Reads `expected.json`: an object by id, or an array of `{id, expected}` (or `output`). Empty where there is none.
 *
 * @throws AssayError JSON_INVALID, DATASET_INVALID (unreadable, or larger than {@link largestExpectations})
 */
export async function readExpectations(
  file: string,
  problems: ProblemList,
): Promise<Map<string, Json>> {
  const size = await sizeOf(file);
  if (size === undefined) return new Map();
  if (size > largestExpectations) {
    throw new AssayError(
      'DATASET_INVALID',
      `${file} is larger than ${largestExpectations / 1024 / 1024} MiB.`,
      { mend: 'Write each item and what it expects on one line of test_cases.jsonl.' },
    );
  }
  const raw = await readJson(file, await readFile(file));
  if (Array.isArray(raw)) return fromList(raw as readonly Json[], { file, problems });
  if (isObject(raw)) {
    const entries = new Map(Object.entries(raw));
    for (const [id, value] of entries) {
      if (!nestsDeeperThan(value, deepestNesting)) continue;
      problems.add({ at: `${file}: ${id}`, message: tooDeep });
      // Nobody may hash it: that is recursive.
      entries.set(id, null);
    }
    return entries;
  }
  problems.add({
    at: file,
    message: 'is neither an object by id nor an array of {id, expected}',
  });
  return new Map();
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AssayError('DATASET_INVALID', `${file} cannot be read.`, { cause: error });
  }
}

function fromList(
  raw: readonly Json[],
  { file, problems }: { file: string; problems: ProblemList },
): Map<string, Json> {
  const entries = new Map<string, Json>();
  raw.forEach((entry, index) => {
    const id = isObject(entry) ? entry['id'] : undefined;
    const value = isObject(entry)
      ? entry['expected'] === undefined
        ? entry['output']
        : entry['expected']
      : undefined;
    if ((typeof id !== 'string' && typeof id !== 'number') || value === undefined) {
      problems.add({ at: `${file}: [${index}]`, message: 'is no {id, expected}' });
    } else if (entries.has(String(id))) {
      problems.add({ at: `${file}: [${index}].id`, message: `repeats the id "${String(id)}"` });
    } else if (nestsDeeperThan(value, deepestNesting)) {
      problems.add({ at: `${file}: [${index}].expected`, message: tooDeep });
    } else entries.set(String(id), value);
  });
  return entries;
}
