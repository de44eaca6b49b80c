import { z } from 'zod';

import { badRequest, invalidData } from './errors.js';

/** Parses or refuses with the recorded validation answer. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidData(parsed.error.issues);
}

/** The query as an object: a parameter given twice is a list, as Next.js hands it to the handlers. */
export function queryObject(query: URLSearchParams): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = {};
  for (const key of new Set(query.keys())) {
    const values = query.getAll(key);
    const [first = ''] = values;
    object[key] = values.length > 1 ? values : first;
  }
  return object;
}

export const pageNumber = z.coerce.number().int().positive().default(1);
export const pageLimit = (fallback: number) =>
  z.coerce.number().int().positive().lte(100).default(fallback);

export const pageQuery = z.object({ page: pageNumber, limit: pageLimit(50) });
export type PageQuery = z.infer<typeof pageQuery>;

/** ISO date-time with a zone, else "Invalid ISO datetime". */
export const isoDateTime = z.iso.datetime({ offset: true });

/** `a,b` or a repeated parameter: a list without blanks; absent stays absent. */
export const commaList = z
  .union([z.string(), z.array(z.string())])
  .transform((value) =>
    (Array.isArray(value) ? value : [value])
      .flatMap((part) => part.split(','))
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .optional();

/** A repeated parameter as a list; absent stays absent. */
export const textList = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : [value]))
  .optional();

export function pageMeta({ page, limit }: PageQuery, totalItems: number) {
  return { page, limit, totalItems, totalPages: Math.ceil(totalItems / limit) };
}

/** The JSON object inside a base64(url) cursor, else the recorded refusal. */
export function readCursor<Schema extends z.ZodType>(
  schema: Schema,
  cursor: string,
): z.output<Schema> {
  try {
    const parsed = schema.safeParse(JSON.parse(Buffer.from(cursor, 'base64').toString('utf8')));
    if (parsed.success) return parsed.data;
  } catch {
    // Not base64 of JSON: the same answer as a cursor of a wrong shape.
  }
  throw badRequest('Invalid cursor format');
}

export function writeCursor(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
