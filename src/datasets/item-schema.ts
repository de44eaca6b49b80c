import { Ajv, type AnySchema, type ErrorObject, type Options } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { DatasetItem } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import type { Json, JsonObject } from '../core/json/json.js';
import { deepestNesting, nestsDeeperThan } from '../core/json/nesting.js';
import { readJson } from './read-json.js';

/** The file beside the items that says what each of them looks like. */
export const schemaFile = 'schema.json';

/** A schema that the items of a dataset are held to. */
export interface ItemSchema {
  readonly file: string;
  readonly schema: JsonObject;
  /** What of the item does not fit, and where in it; none where it fits. */
  problemsOf(item: DatasetItem): readonly { readonly path: string; readonly message: string }[];
}

// A keyword that is misspelt checks nothing, so unknown ones are problems. ajv compiles a schema to code: it is the team's
// own file, as the config is, and never comes from a platform unseen.
const options: Options = {
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  allowUnionTypes: true,
  allErrors: true,
  logger: false,
};
const drafts = { '2020': Ajv2020, '2019': Ajv2019, '7': Ajv } as const;
/** A list of a thousand elements of a wrong type has a thousand errors. */
const mostOfOneItem = 20;

/**
 * Reads `schema.json` of a dataset's folder: a JSON schema (draft 2020-12, or the draft that `$schema` names: 2019-09, 07, 06)
 * of a whole item as files have it, `{id, inputs, expected?, description?, metadata?}`.
 *
 * @returns undefined where there is none.
 * @throws AssayError JSON_INVALID with line and column, DATASET_SCHEMA_INVALID
 */
export async function readItemSchema(home: string): Promise<ItemSchema | undefined> {
  const file = join(home, schemaFile);
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AssayError('DATASET_SCHEMA_INVALID', `${file} cannot be read.`, { cause: error });
  }
  const schema = await readJson(file, bytes);
  return compileItemSchema(file, schema);
}

/** @throws AssayError DATASET_SCHEMA_INVALID */
export function compileItemSchema(file: string, schema: Json): ItemSchema {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw invalid(file, 'is not an object');
  }
  if (nestsDeeperThan(schema, deepestNesting)) throw invalid(file, 'is nested too deep');
  const own = schema as JsonObject;
  const draft = draftOf(own['$schema']);
  if (draft === undefined) throw invalid(file, 'names a draft in "$schema" that is not known');
  const ajv = new drafts[draft](options);
  addFormats.default(ajv);
  let validate;
  try {
    validate = ajv.compile(own as AnySchema);
  } catch (error) {
    throw invalid(file, error instanceof Error ? error.message : String(error), error);
  }
  // An `$async` schema answers with a promise, which would pass as true.
  if ('$async' in validate) throw invalid(file, 'is an asynchronous schema');
  return {
    file,
    schema: own,
    problemsOf(item) {
      if (validate(asInFile(item))) return [];
      return (validate.errors ?? []).slice(0, mostOfOneItem).map(problemOf);
    },
  };
}

function draftOf(named: Json | undefined): keyof typeof drafts | undefined {
  if (named === undefined) return '2020';
  if (typeof named !== 'string') return undefined;
  if (/^https?:\/\/json-schema\.org\/draft-0[67]\/schema#?$/.test(named)) return '7';
  const [, year] =
    /^https:\/\/json-schema\.org\/draft\/(2019|2020)-\d\d\/schema#?$/.exec(named) ?? [];
  return year === '2019' || year === '2020' ? year : undefined;
}

/** The item as a file has it. */
export function asInFile({ id, input, expected, description, metadata }: DatasetItem): JsonObject {
  return {
    id,
    inputs: input,
    ...(expected === undefined ? {} : { expected }),
    ...(description === undefined ? {} : { description }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
}

function problemOf({ instancePath, keyword, params, message }: ErrorObject): {
  readonly path: string;
  readonly message: string;
} {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
  const extra = params as { readonly additionalProperty?: string; readonly allowedValues?: Json[] };
  if (keyword === 'additionalProperties' && extra.additionalProperty !== undefined) {
    return { path, message: `must not have ${JSON.stringify(extra.additionalProperty)}` };
  }
  if (keyword === 'enum' && extra.allowedValues !== undefined) {
    return { path, message: `must be one of ${JSON.stringify(extra.allowedValues).slice(0, 200)}` };
  }
  return { path, message: message ?? `does not fit "${keyword}"` };
}

const invalid = (file: string, message: string, cause?: unknown): AssayError =>
  new AssayError('DATASET_SCHEMA_INVALID', `${file} is no JSON schema.`, {
    problems: [{ at: file, message }],
    mend: 'Mend the schema, or remove the file.',
    cause,
  });
