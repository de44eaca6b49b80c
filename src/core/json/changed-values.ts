import { canonicalJson, isObject, type Json } from './json.js';

/** One place where two values differ, with what stands there. */
export interface ChangedValue {
  /** As `messages[1].content` or `config.parameters.temperature`; the empty text is the whole. */
  readonly at: string;
  /** Absent where there was nothing. */
  readonly before?: Json;
  /** Absent where there is nothing any more. */
  readonly after?: Json;
}

/** Where two JSON values differ, down to the smallest part; entries of lists are compared by their place. */
export function changedValues(
  before: Json | undefined,
  after: Json | undefined,
  at = '',
): readonly ChangedValue[] {
  if (before !== undefined && after !== undefined) {
    if (canonicalJson(before) === canonicalJson(after)) return [];
    if (Array.isArray(before) && Array.isArray(after)) {
      return Array.from({ length: Math.max(before.length, after.length) }, (_, index) => {
        const [was, is] = [before[index] as Json | undefined, after[index] as Json | undefined];
        return changedValues(was, is, `${at}[${index}]`);
      }).flat();
    }
    if (isObject(before) && isObject(after)) {
      return [...new Set([...Object.keys(before), ...Object.keys(after)])]
        .sort()
        .flatMap((key) => changedValues(before[key], after[key], at === '' ? key : `${at}.${key}`));
    }
  }
  return [
    {
      at,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  ];
}
