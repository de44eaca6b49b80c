import { createHash } from 'node:crypto';

/** The key of an advisory lock: the first 8 bytes of the hash of what it is about, as Postgres' signed int8. */
export const advisoryKey = (...about: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(about)).digest().readBigInt64BE().toString();
