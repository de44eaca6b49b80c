import type { Json, JsonObject } from '../json/json.js';

/** The members of an item's metadata that name its splits. */
export const splitMembers = ['split', 'splits'] as const;

/**
 * The splits that an item is in, as its metadata says: `split` or `splits`, each a text or a list of texts; sorted, each
 * once. What is no text is no split.
 */
export function splitsOf(metadata: JsonObject): readonly string[] {
  const texts = splitMembers.flatMap((member) =>
    Object.hasOwn(metadata, member) ? textsOf(metadata[member]) : [],
  );
  return [...new Set(texts)].sort();
}

/** The metadata with these splits, left as it is where it says the same already. */
export function withSplits(metadata: JsonObject, splits: readonly string[]): JsonObject {
  const wanted = [...new Set(splits)].sort();
  const given = splitsOf(metadata);
  if (wanted.length === given.length && wanted.every((each, at) => each === given[at])) {
    return metadata;
  }
  const rest = withoutSplits(metadata);
  const [only, ...others] = wanted;
  if (only === undefined) return rest;
  return { ...rest, ...(others.length === 0 ? { split: only } : { splits: wanted }) };
}

/** The metadata without what names splits. */
export function withoutSplits(metadata: JsonObject): JsonObject {
  const members: readonly string[] = splitMembers;
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !members.includes(key)));
}

function textsOf(value: Json | undefined): readonly string[] {
  const list: readonly Json[] = Array.isArray(value) ? (value as readonly Json[]) : [value ?? ''];
  return list.filter((each) => typeof each === 'string' && each !== '') as readonly string[];
}
