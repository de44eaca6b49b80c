import { observationKeysAnswer } from '../answers.js';
import type { Rest } from '../rest.js';
import type { metadataKey } from '../../trace/metadata-key.js';

/** The most rows a page of `v2/observations` holds. */
const pageRows = 1_000;

/** A row of the platform's table of observations. A span that was taken twice has two. */
export interface ObservationRow {
  readonly traceId: string;
  readonly id: string;
  readonly startTime: string;
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
  const filter = [
    { type: 'stringObject', column: 'metadata', key, operator: '=', value },
    ...(query.from === undefined ? [] : [startTime('>=', query.from)]),
  ];
  let cursor: string | undefined;
  let border: ObservationRow | undefined;
  do {
    const page = await readPage(rest, query, { filter, cursor });
    const before = border;
    const rows = page.data.filter((row) => before === undefined || !isCopy(row, before));
    const next = page.meta.cursor ?? undefined;
    border = page.data.at(-1);
    const known = border !== undefined && before !== undefined && isCopy(border, before);
    if (border !== undefined && next !== undefined && !known) {
      rows.push(...(await hiddenCopies(rest, query, { border, rows })));
    }
    if (rows.length > 0) yield rows;
    // A server that repeats its cursor would be read for ever.
    if (next === cursor) return;
    cursor = next;
  } while (cursor !== undefined);
}

/**
 * Copies of a page's last row that no page shows: the next one begins strictly after its (start, trace, span), and a span
 * that was taken twice has two rows of one such key.
 */
async function hiddenCopies(
  rest: Rest,
  query: RowQuery,
  { border, rows }: { readonly border: ObservationRow; readonly rows: readonly ObservationRow[] },
): Promise<readonly ObservationRow[]> {
  const filter = [
    { type: 'string', column: 'traceId', operator: '=', value: border.traceId },
    { type: 'string', column: 'id', operator: '=', value: border.id },
    startTime('>=', border.startTime),
    startTime('<=', border.startTime),
  ];
  const { data } = await readPage(rest, query, { filter, cursor: undefined });
  const shown = rows.filter((row) => isCopy(row, border)).length;
  return data.filter((row) => isCopy(row, border)).slice(shown);
}

function readPage(
  rest: Rest,
  { what, signal }: RowQuery,
  page: { readonly filter: readonly object[]; readonly cursor: string | undefined },
) {
  return rest.read(
    {
      path: '/api/public/v2/observations',
      query: {
        filter: JSON.stringify(page.filter),
        fields: 'core',
        limit: pageRows,
        cursor: page.cursor,
      },
      what,
      signal,
    },
    observationKeysAnswer,
  );
}

function startTime(operator: '>=' | '<=', value: string): object {
  return { type: 'datetime', column: 'startTime', operator, value };
}

function isCopy(a: ObservationRow, b: ObservationRow): boolean {
  return a.traceId === b.traceId && a.id === b.id && a.startTime === b.startTime;
}
