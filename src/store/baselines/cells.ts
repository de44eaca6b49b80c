import type { CellPage } from '../cell-pages.js';
import { compress, decompress } from '../compression.js';
import { countOf, rowsOf, type Queryable } from '../query.js';

/** A version of a baseline's cells. */
export interface BaselineVersion {
  readonly baselineId: string;
  readonly version: number;
}

/** Drops what an attempt that was lost has written of a version that does not count yet. */
export async function dropBaselinePages(
  on: Queryable,
  { baselineId, version }: BaselineVersion,
): Promise<void> {
  await countOf(
    on,
    `delete from assay.baseline_cells c using assay.baselines b
      where c.baseline_id = $1 and c.version = $2 and b.id = c.baseline_id and b.version < $2`,
    [baselineId, version],
  );
}

/** Writes a page of a version that does not count yet; the same page again is the same. */
export async function putBaselinePage(
  on: Queryable,
  { baselineId, version, page }: BaselineVersion & { readonly page: number },
  cells: CellPage,
): Promise<void> {
  await countOf(
    on,
    `insert into assay.baseline_cells (baseline_id, version, page, body) values ($1, $2, $3, $4)
     on conflict (baseline_id, version, page) do update set body = excluded.body`,
    [baselineId, version, page, await compress(JSON.stringify(cells))],
  );
}

/** The cells of a version, a page in memory at a time. */
export async function* baselinePages(
  on: Queryable,
  { baselineId, version }: BaselineVersion,
): AsyncGenerator<CellPage, void, undefined> {
  for (let page = 0; ; page += 1) {
    const [row] = await rowsOf<{ body: Buffer }>(
      on,
      `select body from assay.baseline_cells where baseline_id = $1 and version = $2 and page = $3`,
      [baselineId, version, page],
    );
    if (row === undefined) return;
    yield JSON.parse((await decompress(row.body)).toString('utf8')) as CellPage;
  }
}
