import { z } from 'zod';

import { plainIssues, type PlainIssue } from '../contracts/schema-problems.js';
import { itemIdSchema } from '../contracts/names.js';
import type { DatasetItem } from '../contracts/records.js';
import { isObject, type Json, type JsonObject } from '../core/json/json.js';
import { deepestNesting, nestsDeeperThan } from '../core/json/nesting.js';
import type { Problem } from '../core/errors/assay-error.js';

// Not z.json() for what an item holds: it was parsed from JSON, and looking at each member of a million items again
// took longer than all else.
const objectSchema = z.custom<JsonObject>(isObject, 'is not an object');

const caseSchema = z.object(
  {
    id: z.union([itemIdSchema, z.int().transform(String)]),
    inputs: objectSchema,
    description: z.string().max(10_000).optional(),
    metadata: objectSchema.optional(),
  },
  'is not an object {"id", "inputs", …}',
);

export const tooDeep = `is nested deeper than ${deepestNesting} levels`;

/** What one element of a file came to. */
export type ParsedItem =
  | { readonly item: DatasetItem }
  | { readonly problems: readonly (Omit<Problem, 'at'> & { readonly path: string })[] };

/**
 * Checks one `{id, inputs, expected?, description?, metadata?}`. Other members are ignored.
 *
 * @param raw - as JSON.parse gives it: the schema's copy would lack a member that is called __proto__.
 */
export function parseItem(raw: Json): ParsedItem {
  // Before all else, which is recursive itself.
  if (nestsDeeperThan(raw, deepestNesting)) return { problems: [{ path: '', message: tooDeep }] };
  const parsed = caseSchema.safeParse(raw);
  if (!parsed.success) {
    return { problems: plainIssues(parsed.error.issues).map((issue) => problemOf(raw, issue)) };
  }
  const { id, description } = parsed.data;
  const { inputs, metadata, expected } = raw as JsonObject;
  return {
    item: {
      id,
      input: inputs as JsonObject,
      metadata: (metadata ?? {}) as JsonObject,
      ...(expected === undefined ? {} : { expected }),
      ...(description === undefined ? {} : { description }),
    },
  };
}

function problemOf(raw: Json, issue: PlainIssue): Omit<Problem, 'at'> & { readonly path: string } {
  const lacks = (member: string): boolean =>
    issue.path[0] === member && isObject(raw) && !Object.hasOwn(raw, member);
  if (lacks('id')) {
    return { path: '', message: 'has no id', mend: 'Give the item a unique "id".' };
  }
  if (lacks('inputs')) {
    return { path: '', message: 'has no inputs', mend: 'Give the item its "inputs".' };
  }
  const path = issue.path.length === 0 ? '' : `.${issue.path.map(String).join('.')}`;
  return { path, message: issue.message };
}
