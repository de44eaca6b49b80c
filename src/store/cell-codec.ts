import type {
  CallRecord,
  CellResult,
  CellStatus,
  DatasetItem,
  EvaluatorFailure,
  ReusedFrom,
  ScoreComment,
  ScoreRecord,
  ScoreValue,
  TracedSpan,
} from '../contracts/records.js';
import type { ErrorDocument } from '../core/errors/assay-error.js';
import type { Json } from '../core/json/json.js';
import { dollarsFromPico, picoFromDollars } from './money.js';

/** A cell as it ended, with what else is known of it. */
export interface StoredCell extends CellResult {
  readonly ordinal: number;
  /** Undefined for a cell that was skipped before it ran. */
  readonly traceId: string | undefined;
  readonly item: DatasetItem;
  readonly itemHash: string;
  readonly platformItemId: string | undefined;
}

/** A row of `select` in cell-results.ts. */
export interface CellRow {
  readonly id: string;
  readonly ordinal: number;
  readonly repetition: number;
  readonly revision: number;
  readonly status: CellStatus;
  readonly attempts: number | null;
  readonly output: Json;
  readonly has_output: boolean;
  readonly error: ErrorDocument | null;
  readonly evaluator_failures: readonly EvaluatorFailure[] | null;
  readonly calls: readonly StoredCall[] | null;
  readonly traced?: StoredTrace | null;
  readonly input_tokens: string | null;
  readonly output_tokens: string | null;
  readonly cached_input_tokens: string | null;
  readonly reasoning_tokens: string | null;
  readonly latency_ms: number | null;
  readonly target_cost: string | null;
  readonly judge_cost: string | null;
  readonly embedding_cost: string | null;
  readonly sanitised: boolean;
  readonly trace_id: string | null;
  readonly reused_from: ReusedFrom | null;
  readonly started_at: string;
  readonly ended_at: string;
  readonly item: DatasetItem;
  readonly item_hash: string;
  readonly platform_item_id: string | null;
}

/** A row of assay.scores. */
export interface ScoreRow {
  readonly cell_id: string;
  readonly name: string;
  readonly evaluator: string;
  readonly type: ScoreValue['type'];
  readonly number_value: number | null;
  readonly text_value: string | null;
  readonly boolean_value: boolean | null;
  readonly passed: boolean | null;
  readonly comment: ScoreComment | null;
}

/** What is stored of a team's own instrumentation. */
interface StoredTrace {
  readonly spans: readonly TracedSpan[];
  readonly leftOut: number;
}

/** The spans of a cell as the text of a json column; null where there are none. */
export function encodeTraced(cell: Pick<CellResult, 'spans' | 'spansLeftOut'>): string | null {
  const { spans = [], spansLeftOut = 0 } = cell;
  if (spans.length === 0 && spansLeftOut === 0) return null;
  const stored: StoredTrace = { spans, leftOut: spansLeftOut };
  return JSON.stringify(stored);
}

// JSON has no bigint.
type StoredCall = Omit<CallRecord, 'costPico'> & { readonly costPico?: string };

/** The calls of a cell as the text of a json column. */
export function encodeCalls(calls: readonly CallRecord[]): string {
  return JSON.stringify(calls, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

const decodeCall = ({ costPico, ...call }: StoredCall): CallRecord => ({
  ...call,
  ...(costPico === undefined ? {} : { costPico: BigInt(costPico) }),
});

const decodeTraced = (
  traced: StoredTrace | null | undefined,
): Pick<CellResult, 'spans' | 'spansLeftOut'> => ({
  ...(traced === null || traced === undefined || traced.spans.length === 0
    ? {}
    : { spans: traced.spans }),
  ...(traced === null || traced === undefined || traced.leftOut === 0
    ? {}
    : { spansLeftOut: traced.leftOut }),
});

/**
 * Text for a text column: NUL, which Postgres refuses, and half surrogate pairs, which its driver would change
 * without a word, become U+FFFD. One such score must not keep its whole batch from being stored.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\uFFFD');
}

/** A count for a bigint column, whatever a provider claims to have counted. */
export function storableCount(count: number | undefined): string | null {
  if (count === undefined || !Number.isFinite(count)) return null;
  return String(Math.min(Math.max(Math.trunc(count), 0), Number.MAX_SAFE_INTEGER));
}

/** Money for a numeric(24,12) column. */
export function storableMoney(pico: bigint | undefined): string | null {
  return pico === undefined ? null : dollarsFromPico(pico);
}

const decodeValue = (row: ScoreRow): ScoreValue => {
  switch (row.type) {
    case 'NUMERIC':
      return { type: 'NUMERIC', value: row.number_value ?? Number.NaN };
    case 'BOOLEAN':
      return { type: 'BOOLEAN', value: row.boolean_value ?? false };
    case 'CATEGORICAL':
      return { type: 'CATEGORICAL', value: row.text_value ?? '' };
  }
};

export const decodeScore = (row: ScoreRow): ScoreRecord => ({
  name: row.name,
  evaluator: row.evaluator,
  value: decodeValue(row),
  ...(row.passed === null ? {} : { passed: row.passed }),
  ...(row.comment === null ? {} : { comment: row.comment }),
});

const money = (dollars: string | null): bigint | undefined =>
  dollars === null ? undefined : picoFromDollars(dollars);

/** The cell of a row and of its scores. */
export function decodeCell(row: CellRow, scores: readonly ScoreRow[]): StoredCell {
  return {
    cellId: row.id,
    itemId: row.item.id,
    ordinal: row.ordinal,
    repetition: row.repetition,
    revision: row.revision,
    status: row.status,
    // A stored null is an output; no output at all is absent.
    ...(row.has_output ? { output: row.output } : {}),
    ...(row.error === null ? {} : { error: row.error }),
    evaluatorFailures: row.evaluator_failures ?? [],
    scores: scores.map(decodeScore),
    calls: (row.calls ?? []).map(decodeCall),
    ...decodeTraced(row.traced),
    startedAt: row.started_at,
    endedAt: row.ended_at,
    latencyMs: row.latency_ms ?? 0,
    targetCostPico: money(row.target_cost),
    judgeCostPico: money(row.judge_cost),
    embeddingCostPico: money(row.embedding_cost),
    usage: {
      inputTokens: Number(row.input_tokens ?? 0),
      outputTokens: Number(row.output_tokens ?? 0),
      ...(row.cached_input_tokens === null
        ? {}
        : { cachedInputTokens: Number(row.cached_input_tokens) }),
      ...(row.reasoning_tokens === null ? {} : { reasoningTokens: Number(row.reasoning_tokens) }),
    },
    sanitised: row.sanitised,
    attempts: row.attempts ?? 0,
    ...(row.reused_from === null ? {} : { reusedFrom: row.reused_from }),
    traceId: row.trace_id ?? undefined,
    item: row.item,
    itemHash: row.item_hash,
    platformItemId: row.platform_item_id ?? undefined,
  };
}
