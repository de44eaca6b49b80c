import { abstentionName } from '../core/experiment/abstention.js';
import type { PagedScore } from './cell-pages.js';
import { rowsOf, type Queryable } from './query.js';

/** A cell of a run at its place in the seeded random order. */
export interface PlacedCell {
  readonly position: number;
  readonly ended: boolean;
  readonly itemId: string;
  /** By score name, without abstentions; none while the cell has not ended. */
  readonly scores: Readonly<Record<string, PagedScore>>;
}

/** Cells a page. */
export const orderedPage = 1_000;

/** The next cells of a run itself in the order in which they are started, ended or not. */
export function orderedCells(
  on: Queryable,
  of: { readonly experimentId: string; readonly from: number },
): Promise<readonly PlacedCell[]> {
  return rowsOf(
    on,
    `select c.position, c.status <> 'pending' as ended, i.item_id as "itemId",
            coalesce(s.scores, '{}'::json) as scores
       from (select id, position, status, ordinal from assay.experiment_cells
              where experiment_id = $1 and pass = 1 and position >= $2 and position < $3) c
      cross join lateral (
        select item_id from assay.experiment_items
         where experiment_id = $1 and ordinal = c.ordinal offset 0) i
       left join lateral (
        select json_object_agg(name, json_build_array(case
                 when type = 'BOOLEAN' then to_json(boolean_value)
                 when type = 'CATEGORICAL' then to_json(text_value)
                 when number_value not in ('NaN', 'Infinity', '-Infinity') then to_json(number_value)
               end, passed)) as scores
          from (select name, type, number_value, boolean_value, text_value, passed
                  from assay.scores
                 where cell_id = c.id and name <> evaluator || $4 offset 0) own) s on true
      order by c.position`,
    [of.experimentId, of.from, of.from + orderedPage, abstentionName('')],
  );
}
