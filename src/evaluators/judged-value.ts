import { resolvePointer } from '../core/json/pointer.js';
import type { Json } from '../core/json/json.js';

/** The part of an output that is judged, or why there is none. */
export type JudgedValue =
  | { readonly found: true; readonly value: Json }
  | { readonly found: false; readonly reason: string };

/**
 * The part of an output at a JSON pointer; the whole output where there is no path. An output that is text is read
 * as JSON first, the whole text or nothing: JSON between code fences or after "Here you are:" is not JSON to a
 * program that has to use it, so it is not mended here either.
 */
export function readOutput(output: Json, path: string | undefined): JudgedValue {
  if (path === undefined || path === '') return { found: true, value: output };
  const json = typeof output === 'string' ? parseJson(output) : output;
  if (json === undefined) {
    const reason = `The output is text, not JSON, so it has nothing at ${path}.`;
    return { found: false, reason };
  }
  const value = resolvePointer(json, path);
  return value === undefined
    ? { found: false, reason: `The output has nothing at ${path}.` }
    : { found: true, value };
}

/** What the item expects at a path; undefined where it expects nothing there. */
export function readExpected(
  expected: Json | undefined,
  path: string | undefined,
): Json | undefined {
  return expected === undefined ? undefined : resolvePointer(expected, path ?? '');
}

/** A text as JSON, undefined where it is none. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** How a comment names the part that was judged. */
export function partName(path: string | undefined): string {
  return path === undefined || path === '' ? 'output' : path;
}

/** The `path` of an identity's options: absent where the whole is meant, however that was written. */
export function pathOption(path: string | undefined): { path?: string } {
  return path === undefined || path === '' ? {} : { path };
}
