import type { Json } from '../json/json.js';
import type { Excerpt } from './report-model.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A copy that owns its memory. A slice of a string keeps the whole string alive in V8: the excerpts of a
 * thousand bodies of half a megabyte would hold half a gigabyte.
 */
function ownCopy(text: string): string {
  return decoder.decode(encoder.encode(text));
}

/** At most `longest` UTF-16 units of the text, never ending in half a surrogate pair. */
export function cutText(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const last = text.charCodeAt(longest - 1);
  const highSurrogate = last >= 0xd800 && last <= 0xdbff;
  return ownCopy(text.slice(0, highSurrogate ? longest - 1 : longest));
}

// Up to here JSON is easier to read on one line.
const longestLine = 100;

/** The text a person reads of a value: a string as it is, short JSON on one line, longer JSON indented. */
export function readableText(value: Json): string {
  if (typeof value === 'string') return value;
  const line = JSON.stringify(value);
  return line.length <= longestLine ? line : JSON.stringify(value, null, 2);
}

/** The beginning of a value as a person reads it. */
export function excerpt(value: Json, longest: number): Excerpt {
  const text = readableText(value);
  return { text: cutText(text, longest), length: text.length };
}
