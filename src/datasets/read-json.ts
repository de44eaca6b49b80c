import { isUtf8 } from 'node:buffer';

import { AssayError } from '../core/errors/assay-error.js';
import type { Json } from '../core/json/json.js';
import { locateJsonError } from './locate-json-error.js';

/**
 * The value of a whole JSON file.
 *
 * @throws AssayError JSON_INVALID with line and column
 */
export async function readJson(file: string, bytes: Buffer): Promise<Json> {
  if (!isUtf8(bytes)) {
    throw new AssayError('JSON_INVALID', `${file} is not UTF-8.`, {
      mend: 'Save the file as UTF-8.',
    });
  }
  const text = bytes.toString('utf8');
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) as Json;
  } catch (error) {
    const { line, column, message } = await locateJsonError(text, error);
    throw new AssayError('JSON_INVALID', `${file}:${line}:${column}: ${message}`, {
      problems: [{ at: `${file}:${line}:${column}`, message }],
      mend: 'Mend the JSON at that place.',
      cause: error,
    });
  }
}
