import { isDeepStrictEqual } from 'node:util';

import type { ObjectMap } from './http/validate.js';

/** Whether the JSON holds all of `wanted`, at any depth of objects (as Postgres' `@>` has it). */
export function contains(value: unknown, wanted: unknown): boolean {
  if (!isMap(wanted) || !isMap(value)) return isDeepStrictEqual(value, wanted);
  return Object.entries(wanted).every(
    ([key, inner]) => key in value && contains(value[key], inner),
  );
}

const isMap = (value: unknown): value is ObjectMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
