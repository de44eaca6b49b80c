import type { Json } from '../../core/json/json.js';
import { wellFormed, wellFormedJson } from '../../core/text/well-formed.js';

/** A text with what was done to it. */
export interface FieldText {
  readonly text: string;
  readonly sanitised: boolean;
  readonly cut: boolean;
}

/**
 * A JSON value as the text of a field: texts as they are, all else as JSON; well-formed; at most `maxBytes` as
 * encoded in the request's JSON, beyond which its end is replaced by a note that says so.
 */
export function fieldText(value: Json, maxBytes: number): FieldText {
  const { value: whole, changed } = wellFormedJson(value);
  const text = typeof whole === 'string' ? whole : JSON.stringify(whole);
  return { ...cutText(text, maxBytes), sanitised: changed };
}

/** {@link fieldText} for short texts such as names: made well-formed and cut, without more said. */
export function shortText(text: string, maxCharacters = 500): string {
  const whole = wellFormed(text).text;
  return whole.length <= maxCharacters ? whole : `${before(whole, maxCharacters - 1)}…`;
}

/** Cuts a well-formed text so that it is at most `maxBytes` long within JSON, note included. */
export function cutText(
  text: string,
  maxBytes: number,
): { readonly text: string; readonly cut: boolean } {
  // No UTF-16 unit takes more than six bytes in JSON (\u0001).
  if (text.length * 6 <= maxBytes || encodedBytes(text) <= maxBytes) return { text, cut: false };
  let length = Math.min(text.length, maxBytes);
  for (;;) {
    const shown = before(text, length);
    const result = `${shown}\n… [cut by Assay: the first ${shown.length} of ${text.length} characters]`;
    const bytes = encodedBytes(result);
    if (bytes <= maxBytes || length === 0) return { text: result, cut: true };
    // What is in excess, spread evenly; one more at least, so that this ends.
    length = Math.max(0, Math.min(length - 1, Math.floor((length * maxBytes) / bytes)));
  }
}

/** The first `length` units, less one where that would halve a pair. */
function before(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

function encodedBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}
