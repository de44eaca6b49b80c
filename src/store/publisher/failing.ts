import { rowsOf, type Queryable } from '../query.js';
import { unknownExport } from './exports.js';

/** A span or a score that the last try of an export did not bring there. */
export interface LeftRecord {
  readonly rowId: string;
  readonly id: string;
  readonly reason: string;
  /** By an error of the server, where its record stood alone in the request; else it was refused for good. */
  readonly failed: boolean;
}

/** An export of which all that is left fails by itself. */
export interface Failing {
  readonly left: readonly LeftRecord[];
  /** From when that was first so to the last try. */
  readonly forMs: number;
  /** Whether another export to this platform, of any run, was sent and got through in that time. */
  readonly othersThrough: boolean;
}

/** Notes what the last try left, of which each record stood alone; since when that is so, the first note says. */
export async function noteFailing(
  on: Queryable,
  exportId: string,
  left: readonly LeftRecord[],
): Promise<void> {
  const [row] = await rowsOf(
    on,
    `update assay.outbox_exports
        set failing_since = coalesce(failing_since, clock_timestamp()), failing_with = $2
      where export_id = $1 and marked_at is null returning export_id`,
    [exportId, JSON.stringify(left)],
  );
  if (row === undefined) throw unknownExport(exportId);
}

/** Forgets it, since an answer of another kind came. */
export async function noteNotFailing(on: Queryable, exportId: string): Promise<void> {
  await rowsOf(
    on,
    `update assay.outbox_exports set failing_since = null, failing_with = null
      where export_id = $1 and failing_since is not null`,
    [exportId],
  );
}

/** What is known of an export that had failed for so long at its last try; undefined for all others. */
export async function readFailing(
  on: Queryable,
  exportId: string,
  atLeastMs: number,
): Promise<Failing | undefined> {
  const [row] = await rowsOf<Failing>(
    on,
    // Sent in that time and not only marked: what is found now may have got through before the trouble.
    `select e.failing_with as "left",
            (extract(epoch from e.intended_at - e.failing_since) * 1000)::float8 as "forMs",
            exists (select from assay.outbox_exports o
                     where o.platform = e.platform and o.export_id <> e.export_id
                       and o.outcome in ('accepted', 'found')
                       and o.intended_at >= e.failing_since) as "othersThrough"
       from assay.outbox_exports e
      where e.export_id = $1 and e.marked_at is null and e.failing_with is not null
        and e.intended_at - e.failing_since >= $2::float8 * interval '1 millisecond'`,
    [exportId, atLeastMs],
  );
  return row;
}
