import { createDigestFlags, digestOf } from '../../core/ids/digest-flags.js';

/** The most rows of a page there. */
export const pageSize = 100;

/** A page of a list that is read by offsets. */
export type ReadPage<Row> = (page: {
  readonly limit: number;
  readonly offset: number;
}) => Promise<readonly Row[]>;

/**
 * A list that is read by offsets, each row once: what comes in while it is read pushes rows onto the next page, which shows them again.
 *
 * @param on.from so many rows are passed over. Default 0.
 */
export async function* offsetPages<Row>(
  read: ReadPage<Row>,
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
