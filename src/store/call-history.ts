import { rowsOf, type Queryable } from './query.js';

/** What calls of earlier runs were like, in one place of the trace and to one model. */
export interface CallHistory {
  readonly purpose: 'target' | 'judge' | 'embedding';
  /** `target`, or `judge:<evaluator>`. */
  readonly scope: string;
  readonly provider: string;
  readonly model: string;
  readonly calls: number;
  readonly inputMean: number;
  readonly outputMean: number;
  /** Null for one call. */
  readonly inputSd: number | null;
  readonly outputSd: number | null;
}

/** What the cells of earlier runs took. */
export interface CellHistory {
  readonly runs: number;
  readonly cells: number;
  /** From a cell's start to its end, evaluators and waits for calls included, in milliseconds. */
  readonly meanMs: number;
  readonly sdMs: number | null;
}

const mostRuns = 5;
const cellsPerRun = 200;

// Cells that were run and not taken over, of the target's latest runs; about a thousand of them say enough.
const recent = `
  runs as (
    select e.id from assay.experiments e
     where e.project = $1 and e.spec->>'target' = $2 and e.started_at is not null
     order by e.created_at desc limit ${mostRuns}
  ),
  cells as (
    select r.id as run, c.calls, extract(epoch from c.ended_at - c.started_at)::float8 * 1000 as ms
      from runs r
      cross join lateral (
        select calls, started_at, ended_at from assay.experiment_cells
         where experiment_id = r.id and status = 'ok' and calls is not null and reused_from is null
         limit ${cellsPerRun}) c
  )`;

/** What earlier runs of a target say of its next one; nothing where it never ran, or its bodies were pruned. */
export async function historyOf(
  on: Queryable,
  of: { readonly project: string; readonly target: string },
): Promise<{ readonly cells: CellHistory | undefined; readonly calls: readonly CallHistory[] }> {
  const values = [of.project, of.target];
  const [cells] = await rowsOf<CellHistory>(
    on,
    `with ${recent}
     select count(distinct run)::int as runs, count(*)::int as cells, avg(ms) as "meanMs",
            stddev_samp(ms) as "sdMs"
       from cells`,
    values,
  );
  const calls = await rowsOf<CallHistory>(
    on,
    `with ${recent}
     select call->>'purpose' as purpose, split_part(call->>'path', '/call/', 1) as scope,
            call->>'provider' as provider, call->>'model' as model, count(*)::int as calls,
            coalesce(avg((call->'usage'->>'inputTokens')::float8), 0) as "inputMean",
            coalesce(avg((call->'usage'->>'outputTokens')::float8), 0) as "outputMean",
            stddev_samp((call->'usage'->>'inputTokens')::float8) as "inputSd",
            stddev_samp((call->'usage'->>'outputTokens')::float8) as "outputSd"
       from cells cross join lateral json_array_elements(cells.calls) as call
      where call->>'kind' <> 'http' and call->'error' is null and call->'usage' is not null
      group by 1, 2, 3, 4 order by 1 desc, 2, 3, 4`,
    values,
  );
  return { cells: cells === undefined || cells.cells === 0 ? undefined : cells, calls };
}
