import { z } from 'zod';

import type { Rest } from '../rest.js';
import { pageMeta } from './answers.js';

/** The most rows that a page of the v3 API holds. */
export const pageRows = 100;

export interface PageQuery {
  readonly path: string;
  readonly query: Readonly<Record<string, string | number | undefined>>;
  readonly what: string;
  readonly signal: AbortSignal;
  /** Rows a page. Default: the most there can be. */
  readonly limit?: number;
  /** The first page that is read. Default 1. */
  readonly from?: number;
  /** Told with each page how many rows there are. */
  readonly onTotal?: (rows: number) => void;
  /** Pages that are asked for at a time. Default 1; more where all are wanted, since most of a page's time is the way. */
  readonly ahead?: number;
}

/**
 * The rows of a list, page by page; nothing where the thing that they belong to does not exist. What is added while one reads
 * moves rows to later pages, so a row can come twice and none is missed where the newest come first.
 */
export async function* listPages<Row extends z.ZodType>(
  rest: Rest,
  request: PageQuery,
  row: Row,
): AsyncGenerator<readonly z.output<Row>[], void, undefined> {
  const { path, query, what, signal, ahead = 1, limit = pageRows, from = 1, onTotal } = request;
  const schema = z.object({ data: z.array(row), meta: pageMeta });
  const read = (page: number) =>
    rest.find({ path, query: { ...query, page, limit }, what, signal }, schema);
  const asked: ReturnType<typeof read>[] = [];
  let last = from;
  let next = from;
  while (next <= last || asked.length > 0) {
    while (next <= last && asked.length < ahead) {
      const page = read(next);
      // Its failure is thrown when it is its turn.
      page.catch(() => undefined);
      asked.push(page);
      next += 1;
    }
    const page = await asked.shift();
    // Counts can be too high there, where a row was written twice.
    if (page === undefined || page.data.length === 0) return;
    onTotal?.(page.meta.totalItems);
    yield page.data;
    last = page.meta.totalPages;
  }
}
