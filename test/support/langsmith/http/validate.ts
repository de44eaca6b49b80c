import { z } from 'zod';

import { microsOf } from '../clock.js';
import { invalid } from './errors.js';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (value: unknown): value is string =>
  typeof value === 'string' && uuidPattern.test(value);

export const uuid = z
  .string()
  .refine(isUuid, 'Input should be a valid UUID')
  .transform((value) => value.toLowerCase());

/** A field that may be absent or null, which mean the same: undefined. */
export const given = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);

/** A date-time or milliseconds, as microseconds. */
export const moment = given(
  z
    .union([z.string(), z.number()])
    .refine((value) => microsOf(value) !== undefined, 'Input should be a valid datetime')
    .transform((value) => microsOf(value) ?? 0),
);

export const objectMap = z.record(z.string(), z.unknown());
export type ObjectMap = z.infer<typeof objectMap>;

/** Parses a body or refuses it with 422, naming each field. */
export function parseBody<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  return parseAt('body', schema, value);
}

/** Parses the query. A parameter of `lists` is always a list, any other its first value. */
export function parseQuery<Schema extends z.ZodType>(
  schema: Schema,
  query: URLSearchParams,
  lists: readonly string[] = [],
): z.output<Schema> {
  const object: Record<string, unknown> = {};
  for (const key of new Set(query.keys()))
    object[key] = lists.includes(key) ? query.getAll(key) : query.get(key);
  return parseAt('query', schema, object);
}

/** The id in a path, or 422. */
export function uuidParam(params: Readonly<Record<string, string>>, name: string): string {
  return parseAt('path', z.object({ [name]: uuid }), params)[name] ?? '';
}

function parseAt<Schema extends z.ZodType>(
  place: string,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.map((issue) => ({
      loc: [place, ...issue.path.map((part) => (typeof part === 'symbol' ? '' : part))],
      msg: issue.message,
    })),
  );
}

/** At most 100 a page, as on the real service; more is a 422. */
export const pageQuery = z.object({
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(100),
});
export type PageQuery = z.infer<typeof pageQuery>;

export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

/** A JSON object inside a query parameter (`metadata`). */
export const jsonObjectText = z.string().transform((text, context): ObjectMap => {
  try {
    const parsed = objectMap.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // Falls through to the refusal below.
  }
  context.addIssue({ code: 'custom', message: 'Input should be a JSON object' });
  return z.NEVER;
});
