import { rowsOf, type Queryable } from '../../src/store/query.js';
import type { CallKey } from '../../src/store/journal/records.js';

/** The calls of an experiment that are claimed and not answered. */
export async function unansweredKeys(
  on: Queryable,
  experimentId: string,
): Promise<readonly CallKey[]> {
  return rowsOf<CallKey>(
    on,
    `select j.cell_id as "cellId", j.request_hash as "requestHash", j.occurrence
       from assay.experiment_cells c
       join assay.call_journal j on j.cell_id = c.id
      where c.experiment_id = $1 and j.state = 'claimed'
      order by 1, 2, 3`,
    [experimentId],
  );
}

/** How many calls of an experiment are claimed and not answered. */
export async function countUnanswered(on: Queryable, experimentId: string): Promise<number> {
  return (await unansweredKeys(on, experimentId)).length;
}
