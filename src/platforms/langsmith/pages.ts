import { createDigestFlags, digestOf } from '../../core/ids/digest-flags.js';

/** The most rows of a page there. */
export const pageSize = 100;

/**
 * A list that is read by offsets, each row once: what comes in while it is read pushes rows onto the next page, which shows them again.
 *
 * @param on.from so many rows are passed over. Default 0.
 */
export async function* offsetPages<Row>(
  read: (page: { readonly limit: number; readonly offset: number }) => Promise<readonly Row[]>,
  on: { readonly idOf: (row: Row) => string; readonly from?: number | undefined },
): AsyncGenerator<readonly Row[], void, undefined> {
  const seen = createDigestFlags();
  for (let offset = on.from ?? 0; ; offset += pageSize) {
    const page = await read({ limit: pageSize, offset });
    const fresh = page.filter((row) => {
      const digest = digestOf(on.idOf(row));
      const isFresh = seen.get(digest) === 0;
      seen.set(digest, 1);
      return isFresh;
    });
    if (fresh.length > 0) yield fresh;
    if (page.length < pageSize) return;
  }
}

/** How far a list was read that others write to meanwhile: the rows before the place, by which is seen whether it still is that place. */
export interface ListPlace {
  readonly offset: number;
  readonly before: readonly string[];
}

/** So many rows of a page are read again with the next one: as many may be deleted before it without a further request. */
const overlap = 10;

/**
 * A list that is read by offsets and that others delete from meanwhile. What is deleted before the place draws rows that were not
 * read behind it, so each page begins with rows that are known; where it shows none of them, we go back until one does. Rows may
 * come more than once. What comes in before the place is not seen.
 *
 * @param on.from the place to go on from. Default the beginning.
 */
export async function* livePages<Row>(
  read: (page: { readonly limit: number; readonly offset: number }) => Promise<readonly Row[]>,
  on: { readonly idOf: (row: Row) => string; readonly from?: ListPlace | undefined },
): AsyncGenerator<
  { readonly rows: readonly Row[]; readonly next: ListPlace | undefined },
  void,
  undefined
> {
  let { offset, before }: ListPlace = on.from ?? { offset: 0, before: [] };
  for (;;) {
    const rows = await read({ limit: pageSize, offset });
    const ids = rows.map(on.idOf);
    if (offset > 0 && !ids.some((id) => before.includes(id))) {
      offset = Math.max(offset - pageSize + overlap, 0);
      continue;
    }
    offset += rows.length - overlap;
    before = ids.slice(-overlap);
    const next = rows.length < pageSize ? undefined : { offset, before };
    if (rows.length > 0 || next === undefined) yield { rows, next };
    if (next === undefined) return;
  }
}

/** A list that is read by cursors, as the server pages it. It ends where a cursor leads back to one before it. */
export async function* cursorPages<Row>(
  read: (
    cursor: string | undefined,
  ) => Promise<{ readonly rows: readonly Row[]; readonly next: string | undefined }>,
): AsyncGenerator<readonly Row[], void, undefined> {
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (;;) {
    const { rows, next } = await read(cursor);
    if (rows.length > 0) yield rows;
    if (next === undefined || seen.has(next)) return;
    seen.add(next);
    cursor = next;
  }
}
