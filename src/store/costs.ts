import { rowsOf, type Queryable } from './query.js';

/** What was paid for one purpose so far. */
export interface CostSoFar {
  /** Of the cells whose cost is known, in dollars. */
  readonly usd: number;
  /** Cells whose cost is known, and those that were run. */
  readonly known: number;
  readonly cells: number;
}

/**
 * The cost of a run so far, superseded revisions included where they were paid for as well. A cell whose evaluator failed and
 * that was judged again carries its earlier calls over: of these the later revision tells, and what the failed evaluator had
 * paid is left out.
 */
export interface RunCosts {
  readonly target: CostSoFar;
  readonly judge: CostSoFar;
  readonly embedding: CostSoFar;
}

/** How many model calls the last revisions of a run's cells made. Reads every cell. */
export async function callsOf(on: Queryable, experimentId: string): Promise<number> {
  const [row] = await rowsOf<{ calls: number }>(
    on,
    `select coalesce(sum(json_array_length(calls)), 0)::int as calls from assay.experiment_cells
      where experiment_id = $1 and latest and json_typeof(calls) = 'array'`,
    [experimentId],
  );
  return row?.calls ?? 0;
}

const purposes = ['target', 'judge', 'embedding'] as const;

/** Adds up what the ended cells of a run cost. Reads every cell: for a look now and then, not for every second. */
export async function costsOf(on: Queryable, experimentId: string): Promise<RunCosts> {
  const sums = purposes
    .map(
      (each) =>
        `coalesce(sum(${each}_cost), 0)::float8 as ${each}, count(${each}_cost)::int as ${each}_known`,
    )
    .join(', ');
  const [row] = await rowsOf<Readonly<Record<string, number>>>(
    on,
    `select ${sums}, count(*)::int as cells from assay.experiment_cells c
      where experiment_id = $1 and status <> 'pending' and (calls is not null or target_cost is not null)
        and not (status = 'evaluator_error' and exists (
              select from assay.experiment_cells later
               where later.experiment_id = c.experiment_id and later.ordinal = c.ordinal
                 and later.repetition = c.repetition and later.revision > c.revision
                 and later.status <> 'pending'))`,
    [experimentId],
  );
  const of = (purpose: (typeof purposes)[number]): CostSoFar => ({
    usd: row?.[purpose] ?? 0,
    known: row?.[`${purpose}_known`] ?? 0,
    cells: row?.['cells'] ?? 0,
  });
  return { target: of('target'), judge: of('judge'), embedding: of('embedding') };
}
