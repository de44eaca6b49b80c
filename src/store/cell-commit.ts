import type { OutboxRecord } from '../contracts/publication.js';
import type { CellResult, ScoreRecord } from '../contracts/records.js';
import {
  encodeCalls,
  encodeTraced,
  storableCount,
  storableMoney,
  storableText,
} from './cell-codec.js';
import { compress } from './compression.js';
import { rowsOf, throughCollisions } from './query.js';
import type { Store } from './store.js';

/** A finished cell with all that is written beside it. */
export interface CellCommit {
  readonly result: CellResult;
  readonly traceId: string;
  /** What lets later runs take the cell over; absent where they must not. */
  readonly identity?: CellIdentityRecord;
  /** What each platform is to be sent. */
  readonly outbox: readonly {
    readonly platform: string;
    readonly partition: string;
    readonly records: readonly OutboxRecord[];
  }[];
}

/** The hashes of what decided a cell. */
export interface CellIdentityRecord {
  readonly targetHash: string;
  /** By evaluator. */
  readonly scores: ReadonlyMap<
    string,
    {
      readonly hash: string;
      /** What the evaluator's calls cost when they were made; undefined where that is unknown. */
      readonly costDollars: string | undefined;
    }
  >;
}

// A column of the statement's input: the SQL type of its array, and the value of one row.
type Column<Row> = readonly [type: string, value: (row: Row) => unknown];

const json = (value: unknown): string | null =>
  value === undefined ? null : JSON.stringify(value);

const cellColumns: readonly Column<CellCommit>[] = [
  ['bigint', ({ result }) => result.cellId],
  ['text', ({ result }) => result.status],
  ['int', ({ result }) => result.attempts],
  ['json', ({ result }) => json(result.output)],
  ['json', ({ result }) => json(result.error)],
  ['json', ({ result }) => json(result.evaluatorFailures)],
  ['json', ({ result }) => encodeCalls(result.calls)],
  ['bigint', ({ result }) => storableCount(result.usage.inputTokens)],
  ['bigint', ({ result }) => storableCount(result.usage.outputTokens)],
  ['bigint', ({ result }) => storableCount(result.usage.cachedInputTokens)],
  ['bigint', ({ result }) => storableCount(result.usage.reasoningTokens)],
  ['float8', ({ result }) => result.latencyMs],
  ['numeric', ({ result }) => storableMoney(result.targetCostPico)],
  ['numeric', ({ result }) => storableMoney(result.judgeCostPico)],
  ['numeric', ({ result }) => storableMoney(result.embeddingCostPico)],
  ['boolean', ({ result }) => result.sanitised],
  ['text', ({ traceId }) => traceId],
  ['timestamptz', ({ result }) => result.startedAt],
  ['timestamptz', ({ result }) => result.endedAt],
  ['uuid', ({ identity }) => identity?.targetHash ?? null],
  ['json', ({ result }) => json(result.reusedFrom)],
  // Hashes are hex; a uuid[][] would need rows of equal length.
  ['text', (commit) => silentHashes(commit)],
  ['json', ({ result }) => encodeTraced(result)],
];

/** Of the evaluators that ran and gave no score; null where there is none. */
function silentHashes({ result, identity }: CellCommit): string | null {
  const told = new Set([
    ...result.scores.map(({ evaluator }) => evaluator),
    ...result.evaluatorFailures.map(({ evaluator }) => evaluator),
  ]);
  const silent = [...(identity?.scores ?? [])].filter(([evaluator]) => !told.has(evaluator));
  return silent.length === 0 ? null : silent.map(([, { hash }]) => hash).join(',');
}

interface ScoreInput extends ScoreRecord {
  readonly cellId: string;
  readonly hash: string | undefined;
  readonly costDollars: string | undefined;
}

const scoreColumns: readonly Column<ScoreInput>[] = [
  ['bigint', ({ cellId }) => cellId],
  ['text', ({ name }) => storableText(name)],
  ['text', ({ evaluator }) => evaluator],
  ['text', ({ value }) => value.type],
  ['float8', ({ value }) => (value.type === 'NUMERIC' ? value.value : null)],
  ['text', ({ value }) => (value.type === 'CATEGORICAL' ? storableText(value.value) : null)],
  ['boolean', ({ value }) => (value.type === 'BOOLEAN' ? value.value : null)],
  ['boolean', ({ passed }) => passed ?? null],
  ['json', ({ comment }) => json(comment)],
  ['uuid', ({ hash }) => hash ?? null],
  ['numeric', ({ costDollars }) => costDollars ?? null],
];

interface OutboxInput {
  readonly cellId: string;
  readonly platform: string;
  readonly partition: string;
  readonly record: OutboxRecord;
  readonly body: Buffer;
}

const outboxColumns: readonly Column<OutboxInput>[] = [
  ['bigint', ({ cellId }) => cellId],
  ['text', ({ platform }) => platform],
  ['text', ({ partition }) => partition],
  ['text', ({ record }) => record.kind],
  ['text', ({ record }) => record.traceId],
  // Ids are hex; a text[][] would need rows of equal length.
  ['text', ({ record }) => record.ids.join(',')],
  ['bytea', ({ body }) => body],
  ['int', ({ record }) => Buffer.byteLength(record.body)],
];

const unnest = (columns: readonly Column<never>[], first: number): string =>
  `unnest(${columns.map(([type], index) => `$${first + index}::${type}[]`).join(', ')})`;

const arrays = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): unknown[] =>
  columns.map(([, value]) => rows.map(value));

// One statement, so one round trip and one transaction. The first commit of a cell wins: whatever joins `won`
// of a zombie's second commit is nothing.
const statement = `
with won as (
  update assay.experiment_cells c
     set status = t.status, attempts = t.attempts, output = t.output, error = t.error,
         evaluator_failures = t.evaluator_failures, calls = t.calls, input_tokens = t.input_tokens,
         output_tokens = t.output_tokens, cached_input_tokens = t.cached_input_tokens,
         reasoning_tokens = t.reasoning_tokens, latency_ms = t.latency_ms, target_cost = t.target_cost,
         judge_cost = t.judge_cost, embedding_cost = t.embedding_cost, sanitised = t.sanitised, trace_id = t.trace_id,
         started_at = t.started_at, ended_at = t.ended_at, target_hash = t.target_hash,
         reused_from = t.reused_from, silent_hashes = string_to_array(t.silent_hashes, ',')::uuid[], traced = t.traced
    from ${unnest(cellColumns, 1)} as t (
           id, status, attempts, output, error, evaluator_failures, calls, input_tokens, output_tokens,
           cached_input_tokens, reasoning_tokens, latency_ms, target_cost, judge_cost, embedding_cost, sanitised, trace_id,
           started_at, ended_at, target_hash, reused_from, silent_hashes, traced)
   where c.id = t.id and c.status = 'pending'
  returning c.id, c.experiment_id
), scored as (
  insert into assay.scores (experiment_id, cell_id, name, evaluator, type, number_value, text_value,
                            boolean_value, passed, comment, hash, judge_cost)
  select won.experiment_id, t.*
    from ${unnest(scoreColumns, 1 + cellColumns.length)} as t (
           id, name, evaluator, type, number_value, text_value, boolean_value, passed, comment, hash,
           judge_cost)
    join won on won.id = t.id
  -- Two scores of one name are refused where evaluators answer; here they must not hold up 24 other cells.
  on conflict do nothing
), put_out as (
  insert into assay.outbox (experiment_id, cell_id, platform, partition, kind, trace_id, ids, body, bytes)
  select won.experiment_id, t.id, t.platform, t.partition, t.kind, t.trace_id,
         string_to_array(t.ids, ','), t.body, t.bytes
    from ${unnest(outboxColumns, 1 + cellColumns.length + scoreColumns.length)} as t (
           id, platform, partition, kind, trace_id, ids, body, bytes)
    join won on won.id = t.id
)
select id from won`;

const outboxInputs = async (commits: readonly CellCommit[]): Promise<readonly OutboxInput[]> =>
  Promise.all(
    commits.flatMap(({ result, outbox }) =>
      outbox.flatMap(({ platform, partition, records }) =>
        records.map(async (record) => ({
          cellId: result.cellId,
          platform,
          partition,
          record,
          body: await compress(record.body),
        })),
      ),
    ),
  );

// A zombie and its successor in one process can end up in one batch.
const firstOfEach = (commits: readonly CellCommit[]): readonly CellCommit[] => [
  ...new Map([...commits].reverse().map((commit) => [commit.result.cellId, commit])).values(),
];

/**
 * Writes finished cells with their scores and outbox rows, all or nothing. About 25 cells at once is a good size.
 *
 * @returns the ids of the cells that were won: a cell that had ended before stays as it was, and nothing of
 *   this commit is written for it.
 * @throws AssayError POSTGRES_UNREACHABLE. The commit may then stand or not; repeating it is safe.
 */
export async function commitCells(
  store: Store,
  commits: readonly CellCommit[],
): Promise<ReadonlySet<string>> {
  if (commits.length === 0) return new Set();
  const firsts = firstOfEach(commits);
  const scores = firsts.flatMap(({ result, identity }) =>
    result.scores.map((score): ScoreInput => {
      const known = identity?.scores.get(score.evaluator);
      return {
        ...score,
        cellId: result.cellId,
        hash: known?.hash,
        costDollars: known?.costDollars,
      };
    }),
  );
  const values = [
    ...arrays(cellColumns, firsts),
    ...arrays(scoreColumns, scores),
    ...arrays(outboxColumns, await outboxInputs(firsts)),
  ];
  const rows = await throughCollisions(() =>
    rowsOf<{ id: string }>(store.cells, statement, values),
  );
  return new Set(rows.map(({ id }) => id));
}
