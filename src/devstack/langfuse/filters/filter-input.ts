import { z } from 'zod';

import { badRequest } from '../http/errors.js';
import { parse } from '../http/validate.js';

const textOperators = [
  '=',
  'contains',
  'does not contain',
  'starts with',
  'ends with',
  'matches',
] as const;
const numberOperators = ['=', '>', '<', '>=', '<='] as const;
const column = z.string();
const key = z.string();
const options = z.array(z.string());

/** The structured filter conditions of the API. */
export const conditionSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('datetime'),
    column,
    operator: z.enum(['>', '<', '>=', '<=']),
    value: z.coerce.date(),
  }),
  z.object({
    type: z.literal('string'),
    column,
    operator: z.enum(textOperators),
    value: z.string(),
  }),
  z.object({
    type: z.literal('number'),
    column,
    operator: z.enum(numberOperators),
    value: z.number(),
  }),
  z.object({
    type: z.literal('stringOptions'),
    column,
    operator: z.enum(['any of', 'none of']),
    value: options,
  }),
  z.object({
    type: z.literal('arrayOptions'),
    column,
    operator: z.enum(['any of', 'none of', 'all of']),
    value: options,
  }),
  z.object({
    type: z.literal('categoryOptions'),
    column,
    key,
    operator: z.enum(['any of', 'none of']),
    value: options,
  }),
  z.object({
    type: z.literal('stringObject'),
    column,
    key,
    operator: z.enum(textOperators),
    value: z.string(),
  }),
  z.object({
    type: z.literal('numberObject'),
    column,
    key,
    operator: z.enum(numberOperators),
    value: z.number(),
  }),
  z.object({
    type: z.literal('boolean'),
    column,
    operator: z.enum(['=', '<>']),
    value: z.boolean(),
  }),
  z.object({
    type: z.literal('null'),
    column,
    operator: z.enum(['is null', 'is not null']),
    value: z.unknown().optional(),
  }),
]);
export type Condition = z.infer<typeof conditionSchema>;

/** The conditions of a `filter` parameter; none when it is absent. */
export function parseFilter(text: string | undefined): readonly Condition[] {
  if (text === undefined || text === '') return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badRequest('Invalid JSON in filter parameter');
  }
  return parse(z.array(conditionSchema), value);
}
