import type { RunScoresRecord, ScoreFigures } from '../contracts/publication.js';
import { compress } from './compression.js';
import { countOf, rowsOf, type Queryable } from './query.js';
import { usualPage, type Walking } from './walk.js';

/** Beyond this a numeric value is in no figure of a report either: sums of such values overflow. */
const largestNumber = 1e150;

type PageFigures = Omit<ScoreFigures, 'planned'>;

/**
 * What the scores of a run come to, by repetition and score name; one row in memory for each such pair.
 *
 * @param walk.pageSize - items that one statement looks at. Default 5,000.
 * @param walk.onProgress - told how many items were looked at.
 */
export async function scoreFigures(
  on: Queryable,
  experimentId: string,
  walk: Walking = {},
): Promise<readonly ScoreFigures[]> {
  const { pageSize = usualPage, onProgress } = walk;
  const sums = new Map<string, PageFigures>();
  const planned = new Map<number, number>();
  const [of] = await rowsOf<{ end: number }>(
    on,
    `select coalesce(max(ordinal) + 1, 0) as "end" from assay.experiment_items where experiment_id = $1`,
    [experimentId],
  );
  const end = of?.end ?? 0;
  for (let from = 0; from < end; from += pageSize) {
    const range = { experimentId, from, to: from + pageSize };
    for (const { repetition, cells } of await cellsOf(on, range)) {
      planned.set(repetition, (planned.get(repetition) ?? 0) + cells);
    }
    for (const page of await figuresOf(on, range)) {
      const key = JSON.stringify([page.repetition, page.name]);
      sums.set(key, added(sums.get(key), page));
    }
    onProgress?.(Math.min(from + pageSize, end));
  }
  return [...sums.values()]
    .map((each) => ({ ...each, planned: planned.get(each.repetition) ?? 0 }))
    .sort((a, b) => a.repetition - b.repetition || byBytes(a.name, b.name));
}

// As Postgres' collation "C", so that the order is the same on every machine.
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const added = (sum: PageFigures | undefined, page: PageFigures): PageFigures =>
  sum === undefined
    ? page
    : {
        repetition: page.repetition,
        name: page.name,
        evaluator: byBytes(sum.evaluator, page.evaluator) <= 0 ? sum.evaluator : page.evaluator,
        graded: sum.graded + page.graded,
        passed: sum.passed + page.passed,
        numbers: sum.numbers + page.numbers,
        sum: sum.sum + page.sum,
      };

interface ItemRange {
  readonly experimentId: string;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

const cellsOf = (
  on: Queryable,
  { experimentId, from, to }: ItemRange,
): Promise<readonly { readonly repetition: number; readonly cells: number }[]> =>
  rowsOf(
    on,
    `select repetition, count(*)::int as cells from assay.experiment_cells
      where experiment_id = $1 and ordinal >= $2 and ordinal < $3 and latest group by repetition`,
    [experimentId, from, to],
  );

const figuresOf = (
  on: Queryable,
  { experimentId, from, to }: ItemRange,
): Promise<readonly PageFigures[]> =>
  rowsOf(
    on,
    // A lookup per cell, by force: without statistics the planner reads the scores of all experiments.
    `select c.repetition, s.name, min(s.evaluator collate "C") as evaluator,
            count(s.passed)::int as graded, (count(*) filter (where s.passed))::int as passed,
            (count(*) filter (where s.usable))::int as numbers,
            coalesce(sum(s.number_value) filter (where s.usable), 0) as sum
       from assay.experiment_cells c
       cross join lateral (
         select name, evaluator, passed, number_value, abs(number_value) <= $4 as usable
           from assay.scores where cell_id = c.id offset 0) s
      where c.experiment_id = $1 and c.ordinal >= $2 and c.ordinal < $3 and c.latest
      group by c.repetition, s.name`,
    [experimentId, from, to, largestNumber],
  );

/**
 * Puts the scores of a run as a whole into its outbox; what stands there already is left as it is.
 *
 * @returns how many records are new.
 */
export async function putRunScores(
  on: Queryable,
  put: {
    readonly experimentId: string;
    readonly platform: string;
    readonly partition: string;
    readonly records: readonly RunScoresRecord[];
  },
): Promise<number> {
  const bodies = await Promise.all(put.records.map(({ body }) => compress(body)));
  return countOf(
    on,
    `insert into assay.outbox (experiment_id, platform, partition, kind, run_id, ids, body, bytes)
     select $1, $2, $3, 'scores', t.run_id, string_to_array(t.ids, ','), t.body, t.bytes
       from unnest($4::text[], $5::text[], $6::bytea[], $7::int[]) as t (run_id, ids, body, bytes)
     on conflict (experiment_id, platform, run_id, (ids[1])) where run_id is not null do nothing`,
    [
      put.experimentId,
      put.platform,
      put.partition,
      put.records.map(({ runId }) => runId),
      // Ids are hex; a text[][] would need rows of equal length.
      put.records.map(({ ids }) => ids.join(',')),
      bodies,
      put.records.map(({ body }) => Buffer.byteLength(body)),
    ],
  );
}

/** The ids of the run's own scores that must be found on a platform, less those that it refused for good. */
export async function expectedOfRun(
  on: Queryable,
  of: { readonly experimentId: string; readonly platform: string },
): Promise<readonly { readonly runId: string; readonly ids: readonly string[] }[]> {
  return rowsOf(
    on,
    `select run_id as "runId",
            array(select unnest(ids) except select r ->> 'id' from json_array_elements(refused) r) as ids
       from assay.outbox
      where experiment_id = $1 and platform = $2 and run_id is not null order by id`,
    [of.experimentId, of.platform],
  );
}
