import type { CellSource, ReusedFrom, ScoreRecord } from '../contracts/records.js';
import type { Json } from '../core/json/json.js';
import { decodeScore, type ScoreRow } from './cell-codec.js';
import { rowsOf } from './query.js';
import type { Store } from './store.js';

/** A cell of an earlier run whose output was decided by the same content. */
export interface ReusableOutput {
  readonly cellId: string;
  /** The hash that was asked for. */
  readonly targetHash: string;
  /** This cell and a few others alike, this one first. */
  readonly alike: readonly string[];
  /** Of the output as it is stored, compressed. */
  readonly bytes: number;
}

/** Cells of one content that are looked at. */
const mostAlike = 8;

// The bound on ids skips the run's own cells without looking at them: what ended before a run was submitted was planned
// before it. Without it, thousands of items with one input would each walk over all the others.
const ownBounds = `own as (
       select created_at,
              (select min(id) from assay.experiment_cells c
                where c.experiment_id = e.id and c.ordinal = 0) as first_cell
         from assay.experiments e where e.id = $1
     )`;

/**
 * Finds outputs that earlier runs of the project made of the same content: of cells in their last revision that ended `ok` or
 * `evaluator_error` before this run was submitted, the first kind first, then the newest. What ended later is left alone,
 * so that a repeated look finds the same; only what is pruned meanwhile is gone. One look into an index for each hash.
 */
export async function findReusable(
  store: Store,
  of: { readonly experimentId: string; readonly targetHashes: readonly string[] },
): Promise<ReadonlyMap<string, ReusableOutput>> {
  if (of.targetHashes.length === 0) return new Map();
  const rows = await rowsOf<{
    readonly targetHash: string;
    readonly alike: readonly string[];
    readonly bytes: number;
  }>(
    store,
    `with ${ownBounds}
     select replace(t.hash::text, '-', '') as "targetHash", found.alike, found.bytes
       from unnest($2::uuid[]) as t (hash)
      cross join own
      cross join lateral (
        select array_agg(id::text order by is_ok desc, id desc) as alike,
               (array_agg(bytes order by is_ok desc, id desc))[1] as bytes
          from (
            select id, status = 'ok' as is_ok, pg_column_size(output) as bytes
              from assay.experiment_cells
             where target_hash = t.hash and id < own.first_cell and latest
               and status in ('ok', 'evaluator_error') and output is not null
               and ended_at < own.created_at
             order by id desc limit ${mostAlike}) newest) found
      where found.alike is not null`,
    [of.experimentId, [...new Set(of.targetHashes)]],
  );
  return new Map(
    rows.map(({ targetHash, alike, bytes }) => [
      targetHash,
      { cellId: alike[0] ?? '', targetHash, alike, bytes },
    ]),
  );
}

/** An output as it is taken over. */
export interface StoredOutput {
  readonly output: Json;
  /** As it was measured when the output was made. */
  readonly latencyMs: number;
  readonly source: CellSource;
}

interface SourceRow {
  readonly id: string;
  readonly experiment: string;
  readonly run_uid: string;
  readonly trace_id: string | null;
  readonly reused_from: ReusedFrom | null;
}

const sourceColumns = `c.id, e.name as experiment, e.run_uid, c.trace_id, c.reused_from`;

const ownSource = (row: SourceRow, cost: string | null): CellSource => ({
  experiment: row.experiment,
  runUid: row.run_uid,
  traceId: row.trace_id ?? '',
  ...(cost === null ? {} : { costDollars: cost }),
});

/** The outputs of cells by cell id; one whose bodies were pruned since it was found is absent. */
export async function readOutputs(
  store: Store,
  cellIds: readonly string[],
): Promise<ReadonlyMap<string, StoredOutput>> {
  const rows = await rowsOf<
    SourceRow & {
      readonly output: Json;
      readonly latency_ms: number | null;
      readonly target_cost: string | null;
    }
  >(
    store,
    `select ${sourceColumns}, c.output, c.latency_ms, c.target_cost
       from unnest($1::bigint[]) as t (id)
       join assay.experiment_cells c using (id)
       join assay.experiments e on e.id = c.experiment_id
      where c.output is not null`,
    [cellIds],
  );
  return new Map(
    rows.map((row) => [
      row.id,
      {
        output: row.output,
        latencyMs: row.latency_ms ?? 0,
        source: row.reused_from?.output ?? ownSource(row, row.target_cost),
      },
    ]),
  );
}

/** All that one evaluator said of one cell. */
export interface StoredScores {
  /** Empty where it did not apply. */
  readonly records: readonly ScoreRecord[];
  readonly source: CellSource;
}

/**
 * What evaluators of earlier runs said where it was decided by given content, by hash: of the newest cell that has it and
 * that {@link findReusable} would take. Of cells whose bodies were pruned there is nothing: their comments are gone.
 */
export async function readScores(
  store: Store,
  of: { readonly experimentId: string; readonly hashes: readonly string[] },
): Promise<ReadonlyMap<string, StoredScores>> {
  if (of.hashes.length === 0) return new Map();
  const rows = await rowsOf<ScoredRow>(
    store,
    `with ${ownBounds}
     select ${sourceColumns}, s.*
       from unnest($2::uuid[]) as t (hash)
      cross join own
      cross join lateral (
        select cells.id, cells.experiment_id, cells.trace_id, cells.reused_from
          from assay.scores said
          join assay.experiment_cells cells on cells.id = said.cell_id
         where said.hash = t.hash and said.cell_id < own.first_cell and cells.latest
           and cells.status in ('ok', 'evaluator_error') and cells.output is not null
           and cells.ended_at < own.created_at
         order by said.cell_id desc limit 1) c
       join assay.experiments e on e.id = c.experiment_id
      cross join lateral (
        select cell_id, name, evaluator, type, number_value, text_value, boolean_value, passed, comment,
               replace(hash::text, '-', '') as hash, judge_cost
          from assay.scores where cell_id = c.id and hash = t.hash
         order by name offset 0) s`,
    [of.experimentId, [...new Set(of.hashes)]],
  );
  const found = new Map<string, StoredScores>();
  for (const row of rows) {
    const before = found.get(row.hash);
    const records = [...(before?.records ?? []), decodeScore(row)];
    found.set(row.hash, { records, source: before?.source ?? sourceOfScores(row) });
  }
  return found;
}

/** Which of given evaluators did not apply to cells: where each hash was met, by hash. */
export async function readSilent(
  store: Store,
  of: { readonly cellIds: readonly string[]; readonly hashes: readonly string[] },
): Promise<ReadonlyMap<string, StoredScores>> {
  if (of.cellIds.length === 0 || of.hashes.length === 0) return new Map();
  const rows = await rowsOf<SourceRow & { readonly silent: readonly string[] | null }>(
    store,
    `select ${sourceColumns}, (
              select array_agg(replace(h::text, '-', '')) from unnest(c.silent_hashes) h
               where h = any($2::uuid[])) as silent
       from unnest($1::bigint[]) as t (id)
       join assay.experiment_cells c using (id)
       join assay.experiments e on e.id = c.experiment_id
      where c.output is not null and c.silent_hashes is not null`,
    [[...new Set(of.cellIds)], [...new Set(of.hashes)]],
  );
  return new Map(
    rows.flatMap((row) =>
      (row.silent ?? []).map((hash): [string, StoredScores] => [
        hash,
        { records: [], source: ownSource(row, null) },
      ]),
    ),
  );
}

interface ScoredRow extends SourceRow, ScoreRow {
  readonly hash: string;
  readonly judge_cost: string | null;
}

// What was taken over already is said to be of the run that made it.
function sourceOfScores(row: ScoredRow): CellSource {
  const earlier = row.reused_from?.scores.find(({ evaluator }) => evaluator === row.evaluator);
  if (earlier === undefined) return ownSource(row, row.judge_cost);
  const { evaluator: _named, ...source } = earlier;
  return source;
}

/** How many cells of a run were taken over from earlier ones. */
export async function countReused(store: Store, experimentId: string): Promise<number> {
  const [row] = await rowsOf<{ cells: number }>(
    store,
    `select count(*)::int as cells from assay.experiment_cells
      where experiment_id = $1 and latest and reused_from is not null`,
    [experimentId],
  );
  return row?.cells ?? 0;
}
