import { observationKeysAnswer } from '../answers.js';
import type { Rest } from '../rest.js';
import type { metadataKey } from './attributes.js';

/** The most rows a page of `v2/observations` holds. */
const pageRows = 1_000;

/** A row of the platform's table of observations. A span that was taken twice has two. */
export interface ObservationRow {
  readonly traceId: string;
  readonly id: string;
  readonly startTime: string;
  readonly createdAt?: string | null | undefined;
}

export interface RowQuery {
  /** A metadata key of ours and its value. */
  readonly metadata: {
    readonly key: (typeof metadataKey)['runUid' | 'exportId'];
    readonly value: string;
  };
  /** ISO 8601; rows that start before are passed over. */
  readonly from?: string;
  readonly what: string;
  readonly signal: AbortSignal;
}

/** Every row with the given mark, newest first, page by page. Duplicates are given as they stand there. */
export async function* observationRows(
  rest: Rest,
  query: RowQuery,
): AsyncGenerator<readonly ObservationRow[], void, undefined> {
  const { key, value } = query.metadata;
  // With a `filter`, all other parameters that select are passed over, so the time stands in it, too.
  const filter = JSON.stringify([
    { type: 'stringObject', column: 'metadata', key, operator: '=', value },
    ...(query.from === undefined
      ? []
      : [{ type: 'datetime', column: 'startTime', operator: '>=', value: query.from }]),
  ]);
  let cursor: string | undefined;
  let atBoundary: ReadonlySet<string> = new Set();
  do {
    const page = await rest.read(
      {
        path: '/api/public/v2/observations',
        query: { filter, fields: 'core,time', limit: pageRows, cursor },
        what: query.what,
        signal: query.signal,
      },
      observationKeysAnswer,
    );
    const boundary = atBoundary;
    const fresh = page.data.filter((row) => !boundary.has(rowKey(row)));
    if (fresh.length > 0) yield fresh;
    const next = page.meta.cursor ?? undefined;
    // A server that repeats its cursor would be read for ever.
    if (next === cursor) return;
    atBoundary = lastInstant(page.data);
    cursor = next;
  } while (cursor !== undefined);
}

// The cursor is the last row's (start, trace, id): whether that row comes again is the server's choice. A row that comes
// again has the same creation time; a span that was taken twice has two, so it is not lost here.
function lastInstant(rows: readonly ObservationRow[]): ReadonlySet<string> {
  const last = rows.at(-1)?.startTime;
  return new Set(rows.filter((row) => row.startTime === last).map(rowKey));
}

function rowKey(row: ObservationRow): string {
  return `${row.traceId} ${row.id} ${row.startTime} ${row.createdAt ?? ''}`;
}
