import type { CellCounts } from '../../contracts/records.js';
import type { PassRequest } from '../../contracts/pass.js';
import { countOf, rowsOf, type Queryable } from '../query.js';

// The seeded random order of a pass. A hash and no Feistel network: it is made where the rows are.
const place = (row: string): string =>
  `(row_number() over (order by md5(e.seed || ':' || ${row}.ordinal || ':' || ${row}.repetition),
                                ${row}.ordinal, ${row}.repetition) - 1)::int`;

/** Failed cells get a new revision; the failed one is no longer the latest. */
const retry = `
  with failed as (
    select c.id, c.ordinal, c.repetition, ${place('c')} as position,
           (select max(r.revision) from assay.experiment_cells r
             where r.experiment_id = c.experiment_id and r.ordinal = c.ordinal
               and r.repetition = c.repetition) + 1 as revision
      from assay.experiment_cells c join assay.experiments e on e.id = c.experiment_id
     where c.experiment_id = $1 and c.latest and c.status = any($3)
  ), followed as (
    update assay.experiment_cells c set latest = false from failed where c.id = failed.id
  )
  insert into assay.experiment_cells
    (experiment_id, ordinal, repetition, revision, pass, position, supersedes)
  select $1, ordinal, repetition, revision, $2, position, id from failed`;

/** A judgement beside each cell with an output. */
const rejudge = `
  insert into assay.experiment_cells
    (experiment_id, ordinal, repetition, revision, latest, pass, position, supersedes)
  select $1, c.ordinal, c.repetition, -$2::int, false, $2, ${place('c')}, c.id
    from assay.experiment_cells c join assay.experiments e on e.id = c.experiment_id
   where c.experiment_id = $1 and c.latest and c.output is not null and c.status <> 'pending'`;

/** The repetitions that are not there yet, of every item. */
const extend = `
  with wanted as (
    select i.experiment_id, i.ordinal, t.repetition
      from assay.experiment_items i cross join generate_series(1, $3::int) as t (repetition)
     where i.experiment_id = $1
       and not exists (select from assay.experiment_cells c
                        where c.experiment_id = i.experiment_id and c.ordinal = i.ordinal
                          and c.repetition = t.repetition)
  )
  insert into assay.experiment_cells (experiment_id, ordinal, repetition, pass, position)
  select $1, w.ordinal, w.repetition, $2, ${place('w')}
    from wanted w join assay.experiments e on e.id = w.experiment_id`;

/** Writes the rows of work of a pass. Returns how many there are. */
export async function insertPassCells(
  on: Queryable,
  of: { readonly experimentId: string; readonly pass: number; readonly request: PassRequest },
): Promise<number> {
  const { experimentId, pass, request } = of;
  switch (request.kind) {
    case 'retry': {
      const failed = ['target_error', 'evaluator_error'];
      const statuses = request.includeSkipped ? [...failed, 'skipped'] : failed;
      return countOf(on, retry, [experimentId, pass, statuses]);
    }
    case 'rejudge':
      return countOf(on, rejudge, [experimentId, pass]);
    case 'extend':
      return countOf(on, extend, [experimentId, pass, request.repetitions]);
    case 'verify':
      return 0;
  }
}

/** Where the rows of a pass stand. A judgement that was made is `ok`, whatever it says. */
export async function countPassCells(
  on: Queryable,
  of: { readonly experimentId: string; readonly pass: number },
): Promise<CellCounts> {
  const rows = await rowsOf<{ status: keyof CellCounts; cells: number }>(
    on,
    `select status, count(*)::int as cells from assay.experiment_cells
      where experiment_id = $1 and pass = $2 group by status`,
    [of.experimentId, of.pass],
  );
  const counts = { planned: 0, pending: 0, ok: 0, target_error: 0, evaluator_error: 0, skipped: 0 };
  for (const { status, cells } of rows) {
    counts[status] = cells;
    counts.planned += cells;
  }
  return counts;
}
