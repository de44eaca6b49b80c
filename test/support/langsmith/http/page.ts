import type { Reply } from './exchange.js';
import type { PageQuery } from './validate.js';

/** One page of rows as a bare list, with the total in a header. */
export function listReply<Row>(
  rows: readonly Row[],
  { offset, limit }: PageQuery,
  view: (row: Row) => unknown,
): Reply {
  return {
    status: 200,
    json: rows.slice(offset, offset + limit).map(view),
    headers: { 'x-pagination-total': String(rows.length) },
  };
}
