import type { Json } from '../../core/json/json.js';
import { wellFormed, wellFormedJson } from '../../core/text/well-formed.js';

/** A text with what was done to it. */
export interface FieldText {
  readonly text: string;
  /** The text as a JSON string, made once however often the value is written. */
  readonly json: () => string;
  readonly sanitised: boolean;
  readonly cut: boolean;
}

/** Gives JSON values as the texts of fields. */
export interface FieldTexts {
  /**
   * Texts as they are, all else as JSON; well-formed; at most `maxBytes` as encoded in the request's JSON, beyond
   * which the end is replaced by a note that says so.
   */
  readonly text: (value: Json, maxBytes: number) => FieldText;
}

interface Measured {
  readonly text: string;
  readonly sanitised: boolean;
  /** The text as a JSON string; made when it is first asked for. */
  readonly json: () => string;
  /** Of the text as encoded; counted when it is first asked for. */
  bytes: number | undefined;
}

/** The most bytes that one UTF-16 unit can take in JSON: `\u001f`. */
const mostBytesOfUnit = 6;

/** Remembers what it measured: a cell that is too large is written again at smaller limits. */
export function createFieldTexts(): FieldTexts {
  const known = new Map<Json, Measured>();
  return {
    text: (value, maxBytes) => {
      let measured = known.get(value);
      if (measured === undefined) known.set(value, (measured = measure(value)));
      const { text, json, sanitised } = measured;
      // Nearly all texts are so short that they fit whatever is in them.
      if (text.length * mostBytesOfUnit <= maxBytes) return { text, json, sanitised, cut: false };
      const bytes = (measured.bytes ??= Buffer.byteLength(json()) - 2);
      if (bytes <= maxBytes) return { text, json, sanitised, cut: false };
      const shorter = cutText(text, bytes, maxBytes);
      return { text: shorter, json: () => JSON.stringify(shorter), sanitised, cut: true };
    },
  };
}

function measure(value: Json): Measured {
  const { value: whole, changed } = wellFormedJson(value);
  const text = typeof whole === 'string' ? whole : JSON.stringify(whole);
  let printed: string | undefined;
  const json = (): string => (printed ??= JSON.stringify(text));
  return { text, json, bytes: undefined, sanitised: changed };
}

/** A short text such as a name: made well-formed and cut, without more said. */
export function shortText(text: string, maxCharacters = 500): string {
  const whole = wellFormed(text).text;
  return whole.length <= maxCharacters ? whole : `${before(whole, maxCharacters - 1)}…`;
}

/** The beginning of a well-formed text of `bytes` within JSON, so that it takes at most `maxBytes` there with its note. */
function cutText(text: string, bytes: number, maxBytes: number): string {
  let length = Math.floor((text.length * maxBytes) / bytes);
  for (;;) {
    const shown = before(text, length);
    const result = `${shown}\n… [cut by Assay: the first ${shown.length} of ${text.length} characters]`;
    const size = encodedBytes(result);
    if (size <= maxBytes || length === 0) return result;
    // What is in excess, spread evenly; one less at least, so that this ends.
    length = Math.max(0, Math.min(length - 1, Math.floor((length * maxBytes) / size)));
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
