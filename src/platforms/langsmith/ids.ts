import { createHash } from 'node:crypto';

import { sha256 } from '../../core/ids/hash.js';

/** Ours alone, so that nobody else's names meet our ids (RFC 9562, 5.5). */
const namespace = Buffer.from('8f0c6d0e5a4f5d7e9b1a3c2e7d604f15', 'hex');

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => uuidForm.test(text);

/** A UUID (version 5) that equal parts always give. */
export function namedUuid(...parts: readonly (string | number)[]): string {
  // The parts as JSON, so that ('ab','c') and ('a','bc') never meet.
  const digest = createHash('sha1')
    .update(namespace)
    .update(sha256(JSON.stringify(parts)))
    .digest('hex');
  return withVersion(digest, '5');
}

/**
 * The id of a run there: a UUID (version 7) of its start in milliseconds and the hash of its place. The server finds a run by the
 * time in its id, so another time there makes a run that is listed and cannot be opened.
 */
export function timedUuid(startMs: number, key: string): string {
  const time = Math.max(0, startMs).toString(16).padStart(12, '0');
  return withVersion(`${time}0${sha256(`assay-run|${key}`).slice(0, 19)}`, '7');
}

function withVersion(hex: string, version: '5' | '7'): string {
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `${version}${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
