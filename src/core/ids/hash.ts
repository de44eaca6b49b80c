import { hash } from 'node:crypto';

import { canonicalJson } from '../json/json.js';

/** SHA-256 of a text or bytes, 64 lower-case hex digits. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** SHA-256 of a JSON value in its canonical form, so that key order never changes an identity. */
export function contentHash(value: unknown): string {
  return sha256(canonicalJson(value));
}
