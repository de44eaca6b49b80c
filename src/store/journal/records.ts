import type { Usage } from '../../contracts/records.js';

/** A paid call: the cell, the hash of the request, and which time the cell asks exactly this (from 1). */
export interface CallKey {
  readonly cellId: string;
  readonly requestHash: string;
  readonly occurrence: number;
}

/** What a call was answered, as it came over the wire. */
export interface CallAnswer {
  /** The HTTP status. */
  readonly status: number;
  /** Those that matter. */
  readonly headers: Readonly<Record<string, string>>;
  /** The raw bytes: text columns refuse NUL and half surrogates, and a schema refuses paid answers. */
  readonly body: Buffer;
  readonly usage: Usage | undefined;
  readonly startedAt: string;
  readonly endedAt: string;
  /** From the start to the first token of a streamed answer, in milliseconds. */
  readonly firstTokenMs: number | undefined;
}

/** An answer that was committed, and the owner that got it. */
export interface StoredAnswer extends CallAnswer {
  readonly owner: string;
}

/** The key as one text, for maps and headers: `cell:hash:occurrence`. */
export function callKeyText(key: CallKey): string {
  return `${key.cellId}:${key.requestHash}:${key.occurrence}`;
}

/** The columns of keys as parameters of an unnest; `first` is the number of the first parameter. */
export function unnestKeys(first: number): string {
  return `unnest($${first}::bigint[], $${first + 1}::text[], $${first + 2}::int[])`;
}

/** The three arrays for {@link unnestKeys}. */
export function keyArrays(keys: readonly CallKey[]): readonly unknown[] {
  return [
    keys.map(({ cellId }) => cellId),
    keys.map(({ requestHash }) => requestHash),
    keys.map(({ occurrence }) => occurrence),
  ];
}
