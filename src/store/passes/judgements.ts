import type { OutboxRecord } from '../../contracts/publication.js';
import type {
  CallRecord,
  CellStatus,
  EvaluatorFailure,
  ReusedFrom,
  ScoreRecord,
  TracedSpan,
  Usage,
} from '../../contracts/records.js';
import type { CellIdentityRecord } from '../cell-commit.js';
import {
  encodeCalls,
  encodeTraced,
  storableCount,
  storableMoney,
  storableText,
} from '../cell-codec.js';
import { compress } from '../compression.js';
import { countOf, rowsOf, throughCollisions, type Queryable } from '../query.js';
import { withTransaction, type Store } from '../store.js';

/** A cell that was judged again: what changes of it. */
export interface JudgementCommit {
  /** The row of work. */
  readonly workId: string;
  /** The cell that it judges. */
  readonly cellId: string;
  /**
   * `evaluator_error`: it was not judged, and what it has from the evaluators that are named goes. `skipped`: it was not
   * judged, and stays as it is; then nothing else of this is written.
   */
  readonly outcome: 'ok' | 'evaluator_error' | 'skipped';
  /** The cell's. */
  readonly status: CellStatus;
  /** Those of now, of all evaluators. */
  readonly evaluatorFailures: readonly EvaluatorFailure[];
  /** The evaluators whose scores are replaced. */
  readonly evaluators: readonly string[];
  /** What they give now. */
  readonly scores: readonly ScoreRecord[];
  /** What lets later runs take these scores over, by evaluator. */
  readonly identities: CellIdentityRecord['scores'];
  /** The cell's calls, those of this judgement included. */
  readonly calls: readonly CallRecord[];
  /** The same of spans. */
  readonly spans?: readonly TracedSpan[];
  readonly spansLeftOut?: number;
  readonly judgeCostPico: bigint | undefined;
  readonly embeddingCostPico: bigint | undefined;
  /** What of the cell is still that of earlier runs. */
  readonly reusedFrom: ReusedFrom | undefined;
  readonly usage: Usage;
  readonly attempts: number;
  readonly startedAt: string;
  readonly endedAt: string;
  /** Spans that come to the trace, and all scores of the cell as one record. */
  readonly outbox: readonly {
    readonly platform: string;
    readonly partition: string;
    readonly records: readonly OutboxRecord[];
  }[];
}

/**
 * Writes judgements, all or nothing. The first one of a row of work counts.
 *
 * @returns the rows of work that were won.
 */
export async function commitJudgements(
  store: Store,
  commits: readonly JudgementCommit[],
): Promise<ReadonlySet<string>> {
  if (commits.length === 0) return new Set();
  const bodies = await bodiesOf(commits);
  return throughCollisions(() =>
    withTransaction(store, async (on) => {
      const won = await endWork(on, commits);
      const counting = commits.filter(
        ({ workId, outcome }) => won.has(workId) && outcome !== 'skipped',
      );
      if (counting.length > 0) {
        await updateCells(on, counting);
        await replaceScores(on, counting);
        await putOut(on, counting, bodies);
      }
      return won;
    }),
  );
}

async function endWork(
  on: Queryable,
  commits: readonly JudgementCommit[],
): Promise<ReadonlySet<string>> {
  const rows = await rowsOf<{ id: string }>(
    on,
    `update assay.experiment_cells w
        set status = t.outcome, attempts = t.attempts, latency_ms = 0, started_at = t.started_at,
            ended_at = t.ended_at
       from unnest($1::bigint[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::text[])
              as t (id, attempts, started_at, ended_at, outcome)
      where w.id = t.id and w.status = 'pending' returning w.id`,
    [
      commits.map(({ workId }) => workId),
      commits.map(({ attempts }) => attempts),
      commits.map(({ startedAt }) => startedAt),
      commits.map(({ endedAt }) => endedAt),
      commits.map(({ outcome }) => outcome),
    ],
  );
  return new Set(rows.map(({ id }) => id));
}

async function updateCells(on: Queryable, commits: readonly JudgementCommit[]): Promise<void> {
  await countOf(
    on,
    `update assay.experiment_cells c
        set status = t.status, evaluator_failures = t.failures, calls = t.calls, judge_cost = t.judge_cost,
            input_tokens = t.input_tokens, output_tokens = t.output_tokens,
            cached_input_tokens = t.cached_input_tokens, reasoning_tokens = t.reasoning_tokens,
            embedding_cost = t.embedding_cost, reused_from = t.reused_from, traced = t.traced
       from unnest($1::bigint[], $2::text[], $3::json[], $4::json[], $5::numeric[], $6::bigint[], $7::bigint[],
                   $8::bigint[], $9::bigint[], $10::numeric[], $11::json[], $12::json[])
              as t (id, status, failures, calls, judge_cost, input_tokens, output_tokens, cached_input_tokens,
                    reasoning_tokens, embedding_cost, reused_from, traced)
      where c.id = t.id`,
    [
      commits.map(({ cellId }) => cellId),
      commits.map(({ status }) => status),
      commits.map(({ evaluatorFailures }) => JSON.stringify(evaluatorFailures)),
      commits.map(({ calls }) => encodeCalls(calls)),
      commits.map(({ judgeCostPico }) => storableMoney(judgeCostPico)),
      commits.map(({ usage }) => storableCount(usage.inputTokens)),
      commits.map(({ usage }) => storableCount(usage.outputTokens)),
      commits.map(({ usage }) => storableCount(usage.cachedInputTokens)),
      commits.map(({ usage }) => storableCount(usage.reasoningTokens)),
      commits.map(({ embeddingCostPico }) => storableMoney(embeddingCostPico)),
      commits.map(({ reusedFrom }) =>
        reusedFrom === undefined ? null : JSON.stringify(reusedFrom),
      ),
      commits.map((commit) => encodeTraced(commit)),
    ],
  );
}

async function replaceScores(on: Queryable, commits: readonly JudgementCommit[]): Promise<void> {
  const replaced = commits.flatMap(({ cellId, evaluators }) =>
    evaluators.map((evaluator) => ({ cellId, evaluator })),
  );
  await countOf(
    on,
    `delete from assay.scores s using unnest($1::bigint[], $2::text[]) as t (cell_id, evaluator)
      where s.cell_id = t.cell_id and s.evaluator = t.evaluator`,
    [replaced.map(({ cellId }) => cellId), replaced.map(({ evaluator }) => evaluator)],
  );
  const scores = commits.flatMap(({ cellId, scores: own, identities }) =>
    own.map((score) => ({ ...score, cellId, identity: identities.get(score.evaluator) })),
  );
  await countOf(
    on,
    `insert into assay.scores (experiment_id, cell_id, name, evaluator, type, number_value, text_value,
                               boolean_value, passed, comment, hash, judge_cost)
     select c.experiment_id, t.*
       from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::text[], $7::boolean[],
                   $8::boolean[], $9::json[], $10::uuid[], $11::numeric[])
              as t (id, name, evaluator, type, number_value, text_value, boolean_value, passed, comment, hash,
                    judge_cost)
       join assay.experiment_cells c on c.id = t.id
     on conflict do nothing`,
    [
      scores.map(({ cellId }) => cellId),
      scores.map(({ name }) => storableText(name)),
      scores.map(({ evaluator }) => evaluator),
      scores.map(({ value }) => value.type),
      scores.map(({ value }) => (value.type === 'NUMERIC' ? value.value : null)),
      scores.map(({ value }) => (value.type === 'CATEGORICAL' ? storableText(value.value) : null)),
      scores.map(({ value }) => (value.type === 'BOOLEAN' ? value.value : null)),
      scores.map(({ passed }) => passed ?? null),
      scores.map(({ comment }) => (comment === undefined ? null : JSON.stringify(comment))),
      scores.map(({ identity }) => identity?.hash ?? null),
      scores.map(({ identity }) => identity?.costDollars ?? null),
    ],
  );
}

interface Body {
  readonly workId: string;
  readonly cellId: string;
  readonly platform: string;
  readonly partition: string;
  readonly record: OutboxRecord;
  readonly body: Buffer;
}

const bodiesOf = async (commits: readonly JudgementCommit[]): Promise<readonly Body[]> =>
  Promise.all(
    commits.flatMap(({ workId, cellId, outbox }) =>
      outbox.flatMap(({ platform, partition, records }) =>
        records.map(async (record) => ({
          workId,
          cellId,
          platform,
          partition,
          record,
          body: await compress(record.body),
        })),
      ),
    ),
  );

// Earlier records of the cells' scores are taken out when the pass ends, all at once: the outbox has no index by cell.
async function putOut(
  on: Queryable,
  commits: readonly JudgementCommit[],
  bodies: readonly Body[],
): Promise<void> {
  const won = new Set(commits.map(({ workId }) => workId));
  const records = bodies.filter(({ workId }) => won.has(workId));
  await countOf(
    on,
    `insert into assay.outbox (experiment_id, cell_id, platform, partition, kind, trace_id, ids, body, bytes,
                               adds_to_trace)
     select c.experiment_id, t.cell_id, t.platform, t.partition, t.kind, t.trace_id,
            string_to_array(t.ids, ','), t.body, t.bytes, t.kind = 'spans'
       from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::int[])
              as t (cell_id, platform, partition, kind, trace_id, ids, body, bytes)
       join assay.experiment_cells c on c.id = t.cell_id`,
    [
      records.map(({ cellId }) => cellId),
      records.map(({ platform }) => platform),
      records.map(({ partition }) => partition),
      records.map(({ record }) => record.kind),
      records.map(({ record }) => record.traceId),
      records.map(({ record }) => record.ids.join(',')),
      records.map(({ body }) => body),
      records.map(({ record }) => Buffer.byteLength(record.body)),
    ],
  );
}
