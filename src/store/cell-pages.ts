import type { CellStatus } from '../contracts/records.js';
import { abstentionName } from '../core/experiment/abstention.js';
import { parsePointer } from '../core/json/pointer.js';
import { rowsOf, type Queryable } from './query.js';

/**
 * A score as a comparison sees it: its value, which is a number, a truth or a label, and whether it passed where it says so. A
 * number that JSON cannot hold (NaN, an infinity) is null.
 */
export type PagedScore = readonly [value: number | boolean | string | null, passed: boolean | null];

/** Some thousand cells of a run, as columns: entry i of each list is of one cell. Plain JSON. */
export interface CellPage {
  readonly items: readonly string[];
  /** The hash of each item's content. */
  readonly hashes: readonly string[];
  /** 1-based. */
  readonly repetitions: readonly number[];
  readonly statuses: readonly (CellStatus | 'pending')[];
  /** Of the target; milliseconds. Null where it gave no output, or none was measured. */
  readonly latencies: readonly (number | null)[];
  /** Of the target; dollars: of a cell that was taken over, what its output cost when it was made. Null where that is unknown. */
  readonly costs: readonly (number | null)[];
  /** By score name. That a judge abstained is no score of the output, and is not among them. */
  readonly scores: readonly Readonly<Record<string, PagedScore>>[];
  /** The evaluators that abstained, null where none did. Absent where none did in the page, or it was pinned before that was kept. */
  readonly abstained?: readonly (readonly string[] | null)[];
}

interface PageRow extends Omit<CellPage, 'abstained'> {
  readonly found: number;
  readonly abstained: NonNullable<CellPage['abstained']> | null;
}

/** Items a page: about a megabyte of JSON with five scores. */
const pageItems = 4_000;

/**
 * The cells of a run in their last revision, by item and repetition, without their bodies. One row of JSON a page: its columns
 * are put together in Postgres and parsed at once, where a row per score took seven times as long in the driver.
 */
export async function* cellPages(
  on: Queryable,
  experimentId: string,
): AsyncGenerator<CellPage, void, undefined> {
  const [last] = await rowsOf<{ items: number }>(
    on,
    `select coalesce(max(ordinal) + 1, 0) as items from assay.experiment_items where experiment_id = $1`,
    [experimentId],
  );
  for (let from = 0; from < (last?.items ?? 0); from += pageItems) {
    const [row] = await rowsOf<PageRow>(on, pageQuery, [
      experimentId,
      from,
      from + pageItems,
      abstentionName(''),
    ]);
    if (row === undefined || row.found === 0) continue;
    const { found: _found, abstained, ...page } = row;
    yield abstained === null ? page : { ...page, abstained };
  }
}

/** The items of a run with the hashes of their contents, as {@link cellPages} has them, without any cell. */
export async function* itemPages(
  on: Queryable,
  experimentId: string,
): AsyncGenerator<Pick<CellPage, 'items' | 'hashes'>, void, undefined> {
  for (let from = 0; ; from += pageItems) {
    const rows = await rowsOf<{ item_id: string; hash: string }>(
      on,
      `select item_id, hash from assay.experiment_items
        where experiment_id = $1 and ordinal >= $2 and ordinal < $3 order by ordinal`,
      [experimentId, from, from + pageItems],
    );
    if (rows.length === 0) return;
    yield { items: rows.map((row) => row.item_id), hashes: rows.map(({ hash }) => hash) };
  }
}

// A cell that was taken over has paid for no call, though its output was no cheaper than another: its own cost of 0 would let a
// dearer head pass, and its latency is that of the output as well.
// A lookup per cell, by force (offset 0): without statistics of a table that grew a moment ago, the planner reads all scores.
const pageQuery = `
  with cells as materialized (
    select i.ordinal, i.item_id, i.hash, c.id, c.repetition, c.status, c.latency_ms, c.output_cost,
           c.has_output
      from (select ordinal, item_id, hash from assay.experiment_items
             where experiment_id = $1 and ordinal >= $2 and ordinal < $3) i
      cross join lateral (
        select id, repetition, status, latency_ms, status in ('ok', 'evaluator_error') as has_output,
               case when reused_from is null then target_cost
                    else (reused_from #>> '{output,costDollars}')::numeric end as output_cost
          from assay.experiment_cells
         where experiment_id = $1 and ordinal = i.ordinal and latest offset 0) c
  ), scored as (
    select cells.*, coalesce(s.scores, '{}'::json) as scores, s.abstained
      from cells left join lateral (
        select json_object_agg(name, json_build_array(case
                 when type = 'BOOLEAN' then to_json(boolean_value)
                 when type = 'CATEGORICAL' then to_json(text_value)
                 when number_value not in ('NaN', 'Infinity', '-Infinity') then to_json(number_value)
               end, passed)) filter (where name <> evaluator || $4) as scores,
               array_agg(evaluator) filter (where name = evaluator || $4) as abstained
          from (select name, evaluator, type, number_value, boolean_value, text_value, passed
                  from assay.scores
                 where cell_id = cells.id offset 0) own) s on true
  )
  select count(*)::int as found,
         json_agg(item_id order by ordinal, repetition) as items,
         json_agg(hash order by ordinal, repetition) as hashes,
         json_agg(repetition order by ordinal, repetition) as repetitions,
         json_agg(status order by ordinal, repetition) as statuses,
         json_agg(case when has_output then latency_ms end order by ordinal, repetition) as latencies,
         json_agg(case when has_output then output_cost::float8 end order by ordinal, repetition) as costs,
         json_agg(scores order by ordinal, repetition) as scores,
         case when count(abstained) > 0
              then json_agg(abstained order by ordinal, repetition) end as abstained
    from scored`;

/** Values of some fields of the items of a run, page by page; undefined entries are absent fields. */
export interface LabelPage {
  readonly items: readonly string[];
  /** By field, then by item: text, or null where the item lacks it. */
  readonly labels: readonly (readonly (string | null)[])[];
}

// A slice by a whole text would keep every text in memory, and print them in a comment. What was cut stays another value.
const longestLabel = 100;
const keptOfLabel = 80;

/** Reads fields out of the items of a run; of long values the beginning and a hash. @param pointers JSON pointers into the item. */
export async function* labelPages(
  on: Queryable,
  experimentId: string,
  pointers: readonly string[],
): AsyncGenerator<LabelPage, void, undefined> {
  const paths = pointers.map((pointer) => JSON.stringify(parsePointer(pointer) ?? []));
  for (let from = 0; ; from += pageItems) {
    const rows = await rowsOf<{ item_id: string; labels: readonly (string | null)[] }>(
      on,
      `select i.item_id,
              (select json_agg(case when length(p.label) <= ${longestLabel} then p.label
                                    else left(p.label, ${keptOfLabel}) || '… (' ||
                                         left(encode(sha256(convert_to(p.label, 'UTF8')), 'hex'), 12) || ')' end
                               order by p.place)
                 from (select i.body #>> array(select json_array_elements_text(path::json)) as label, place
                         from unnest($4::text[]) with ordinality as t (path, place)) p) as labels
         from assay.experiment_items i
        where i.experiment_id = $1 and i.ordinal >= $2 and i.ordinal < $3 order by i.ordinal`,
      [experimentId, from, from + pageItems, paths],
    );
    if (rows.length === 0) return;
    yield {
      items: rows.map(({ item_id }) => item_id),
      labels: pointers.map((_pointer, at) => rows.map(({ labels }) => labels[at] ?? null)),
    };
  }
}
