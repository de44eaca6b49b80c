import type { Json } from '../core/json/json.js';

/**
 * A type inferred from a schema, read-only to its leaves, as all records of ours are. JSON values stay as they are:
 * their type is read-only and has no end.
 */
export type DeepReadonly<T> = [Json] extends [T]
  ? T
  : T extends readonly (infer Entry)[]
    ? readonly DeepReadonly<Entry>[]
    : T extends object
      ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
      : T;
