import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import { itemIdSchema } from '../contracts/names.js';
import type { DatasetItem } from '../contracts/records.js';
import { AssayError, type Problem } from '../core/errors/assay-error.js';
import type { Json, JsonObject } from '../core/json/json.js';
import { deepestNesting, nestsDeeperThan } from '../core/json/nesting.js';
import { locateJsonError } from './locate-json-error.js';

const caseSchema = z.object({
  id: z.union([itemIdSchema, z.int().transform(String)]),
  inputs: z.record(z.string(), z.json()),
  description: z.string().max(10_000).optional(),
  metadata: z.record(z.string(), z.json()).optional(),
  expected: z.json().optional(),
});

const tooDeep = `is nested deeper than ${deepestNesting} levels`;

/** More problems than this say nothing new; the count of the rest is told. */
const mostProblems = 50;

/** The files of a dataset in the project's folder. */
export interface LocalDatasetFiles {
  readonly cases: string;
  readonly expected: string;
}

/** Where the files of a local dataset are. */
export function localDatasetFiles(folder: string, name: string): LocalDatasetFiles {
  return {
    cases: join(folder, name, 'test_cases.json'),
    expected: join(folder, name, 'expected.json'),
  };
}

/**
 * Reads `test_cases.json` (an array of `{id, inputs, description?, metadata?}`) and `expected.json` (an object by
 * id, or an array of `{id, expected}`), if there is one.
 *
 * @returns undefined where there is no such dataset in the folder.
 * @throws AssayError JSON_INVALID (with line and column), DATASET_INVALID (all problems), DATASET_EMPTY
 */
export async function readLocalDataset(
  folder: string,
  name: string,
): Promise<readonly DatasetItem[] | undefined> {
  const files = localDatasetFiles(folder, name);
  const cases = await readJson(files.cases);
  if (cases === undefined) return undefined;
  const problems: Problem[] = [];
  const expected = expectedById(await readJson(files.expected), { file: files.expected, problems });
  const items = parseCases(cases, { file: files.cases, expected, problems });
  const known = new Set(items.map((item) => item.id));
  for (const id of expected.keys()) {
    if (!known.has(id)) {
      problems.push({
        at: `${files.expected}: ${id}`,
        message: 'expects something of an item that test_cases.json does not have',
        mend: 'Remove it, or add the item.',
      });
    }
  }
  if (problems.length > 0) throw invalid(name, problems);
  if (items.length === 0) {
    throw new AssayError('DATASET_EMPTY', `The dataset "${name}" has no items.`, {
      mend: `Add items to ${files.cases}.`,
    });
  }
  return items;
}

function invalid(name: string, problems: readonly Problem[]): AssayError {
  const shown = problems.slice(0, mostProblems);
  const rest = problems.length - shown.length;
  return new AssayError(
    'DATASET_INVALID',
    `The dataset "${name}" has ${problems.length} problem${problems.length === 1 ? '' : 's'}${
      rest > 0 ? ` (the first ${shown.length} are listed)` : ''
    }.`,
    { problems: shown },
  );
}

async function readJson(file: string): Promise<Json | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AssayError('DATASET_INVALID', `${file} cannot be read.`, { cause: error });
  }
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) as Json;
  } catch (error) {
    const { line, column, message } = await locateJsonError(text, error);
    throw new AssayError('JSON_INVALID', `${file}:${line}:${column}: ${message}`, {
      problems: [{ at: `${file}:${line}:${column}`, message }],
      mend: 'Mend the JSON at that place.',
      cause: error,
    });
  }
}

function parseCases(
  cases: Json,
  context: { file: string; expected: ReadonlyMap<string, Json>; problems: Problem[] },
): DatasetItem[] {
  const { file, expected, problems } = context;
  if (!Array.isArray(cases)) {
    problems.push({ at: file, message: 'is not an array of items' });
    return [];
  }
  const firstAt = new Map<string, number>();
  return (cases as readonly Json[]).flatMap((raw, index): DatasetItem[] => {
    // Before the schema, which is recursive itself.
    if (nestsDeeperThan(raw, deepestNesting)) {
      problems.push({ at: `${file}: [${index}]`, message: tooDeep });
      return [];
    }
    const parsed = caseSchema.safeParse(raw);
    if (!parsed.success) {
      for (const issue of parsed.error.issues)
        problems.push(caseProblem({ file, index, raw, issue }));
      return [];
    }
    const { id, description } = parsed.data;
    // As they were read: the schema's copy lacks a member that is called __proto__.
    const { inputs, metadata, expected: own } = raw as JsonObject;
    const first = firstAt.get(id);
    if (first !== undefined) {
      problems.push({
        at: `${file}: [${index}].id`,
        message: `repeats the id "${id}" of item [${first}]`,
        mend: 'Give each item an id of its own.',
      });
      return [];
    }
    firstAt.set(id, index);
    // `null` is an expectation like any other.
    const expectation = expected.has(id) ? expected.get(id) : own;
    return [
      {
        id,
        input: inputs as JsonObject,
        metadata: (metadata ?? {}) as JsonObject,
        ...(expectation === undefined ? {} : { expected: expectation }),
        ...(description === undefined ? {} : { description }),
      },
    ];
  });
}

function caseProblem(where: {
  file: string;
  index: number;
  raw: Json;
  issue: z.core.$ZodIssue;
}): Problem {
  const { file, index, raw, issue } = where;
  const path = issue.path.length === 0 ? '' : `.${issue.path.map(String).join('.')}`;
  const lacksId =
    issue.path[0] === 'id' && typeof raw === 'object' && raw !== null && !('id' in raw);
  return lacksId
    ? { at: `${file}: [${index}]`, message: 'has no id', mend: 'Give the item a unique "id".' }
    : { at: `${file}: [${index}]${path}`, message: issue.message };
}

function expectedById(
  raw: Json | undefined,
  { file, problems }: { file: string; problems: Problem[] },
): Map<string, Json> {
  if (raw === undefined) return new Map();
  if (Array.isArray(raw)) {
    const entries = new Map<string, Json>();
    (raw as readonly Json[]).forEach((entry, index) => {
      const id = isObject(entry) ? entry['id'] : undefined;
      const value = isObject(entry)
        ? entry['expected'] === undefined
          ? entry['output']
          : entry['expected']
        : undefined;
      if ((typeof id !== 'string' && typeof id !== 'number') || value === undefined) {
        problems.push({ at: `${file}: [${index}]`, message: 'is no {id, expected}' });
      } else if (entries.has(String(id))) {
        problems.push({ at: `${file}: [${index}].id`, message: `repeats the id "${String(id)}"` });
      } else if (nestsDeeperThan(value, deepestNesting)) {
        problems.push({ at: `${file}: [${index}].expected`, message: tooDeep });
      } else entries.set(String(id), value);
    });
    return entries;
  }
  if (isObject(raw)) {
    const entries = Object.entries(raw);
    for (const [id, value] of entries) {
      if (nestsDeeperThan(value, deepestNesting)) {
        problems.push({ at: `${file}: ${id}`, message: tooDeep });
      }
    }
    return new Map(entries);
  }
  problems.push({ at: file, message: 'is neither an object by id nor an array of {id, expected}' });
  return new Map();
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
