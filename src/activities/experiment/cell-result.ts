import type {
  CallRecord,
  CellResult,
  EvaluatorFailure,
  ScoreRecord,
  Usage,
} from '../../contracts/records.js';
import { AssayError, type ErrorDocument } from '../../core/errors/assay-error.js';
import { canonicalJson, type Json } from '../../core/json/json.js';
import { deepestNesting, nestsDeeperThan } from '../../core/json/nesting.js';
import { wellFormedJson } from '../../core/text/well-formed.js';
import type { TargetFigures } from '../../evaluators/port.js';
import type { CellCalls } from '../../models/cell-calls.js';
import type { PendingCell } from '../../store/cells.js';
import type { TracedSpans } from '../../tracing/port.js';

/** The largest output that is kept, as JSON text. */
const maxOutputBytes = 8 * 1024 * 1024;

/** What became of the target: an output or the error that is recorded. */
export type TargetOutcome =
  | { readonly output: Json; readonly error?: undefined }
  | { readonly output?: undefined; readonly error: ErrorDocument };

/** What the evaluators said, and which of them could not. */
export interface Judgement {
  readonly scores: readonly ScoreRecord[];
  readonly failures: readonly EvaluatorFailure[];
}

/**
 * The output as it can be stored.
 *
 * @throws AssayError TARGET_OUTPUT_INVALID for what is no JSON (nothing, NaN, functions), too large or nested too
 *   deeply.
 */
export function storable(output: unknown): Json {
  if (output === undefined) {
    throw new AssayError('TARGET_OUTPUT_INVALID', 'The target returned nothing.', {
      mend: 'Return a JSON value; null is one.',
    });
  }
  try {
    if (nestsDeeperThan(output, deepestNesting)) {
      throw new TypeError(`it is nested deeper than ${deepestNesting} levels, or holds itself`);
    }
    if (Buffer.byteLength(canonicalJson(output)) > maxOutputBytes) {
      throw new RangeError(`it is larger than ${maxOutputBytes / 1024 / 1024} MiB`);
    }
    // A copy: what the target holds on to must not change what was recorded.
    return JSON.parse(JSON.stringify(output)) as Json;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it is no JSON';
    throw new AssayError('TARGET_OUTPUT_INVALID', `The output cannot be stored: ${why}.`, {
      cause,
    });
  }
}

/**
 * What the target took: its latency, and its calls with what they cost. The evaluators see these figures, and they are
 * recorded.
 */
export function targetFigures({
  calls,
  latencyMs,
}: {
  readonly calls: CellCalls;
  /** From the first moment of the cell to the target's answer. */
  readonly latencyMs: number;
}): TargetFigures & { readonly calls: readonly CallRecord[] } {
  const ofTarget = calls.records.filter((record) => record.purpose === 'target');
  return {
    // Calls that ran beside each other overlap in the correction: never less than the longest of them.
    latencyMs: Math.max(longestCallMs(ofTarget), latencyMs + calls.targetCorrectionMs),
    costPico: sumCost(ofTarget),
    calls: ofTarget,
  };
}

/** The record of a cell that has ended. */
export function cellResult(
  cell: PendingCell,
  outcome: {
    calls: CellCalls;
    startedAt: string;
    latencyMs: number;
    target: TargetOutcome;
    judged: Judgement;
    /** Of the team's own instrumentation. */
    traced?: TracedSpans;
  },
): CellResult {
  const { calls, target, judged } = outcome;
  const { records } = calls;
  const status =
    target.error !== undefined
      ? 'target_error'
      : judged.failures.some((failure) => failure.required)
        ? 'evaluator_error'
        : 'ok';
  const figures = targetFigures(outcome);
  return {
    cellId: cell.cellId,
    itemId: cell.item.id,
    repetition: cell.repetition,
    revision: cell.revision,
    status,
    ...(target.output === undefined ? {} : { output: target.output }),
    ...(target.error === undefined ? {} : { error: target.error }),
    evaluatorFailures: judged.failures,
    scores: judged.scores,
    calls: records,
    ...outcome.traced,
    // A call that came from the journal began before this attempt did.
    startedAt: records.reduce(
      (first, each) => (each.startedAt < first ? each.startedAt : first),
      outcome.startedAt,
    ),
    endedAt: new Date().toISOString(),
    latencyMs: figures.latencyMs,
    targetCostPico: figures.costPico,
    judgeCostPico: sumCost(records.filter((record) => record.purpose === 'judge')),
    embeddingCostPico: sumCost(records.filter((record) => record.purpose === 'embedding')),
    usage: sumUsage(records),
    sanitised: target.output !== undefined && wellFormedJson(target.output).changed,
    attempts: 1 + calls.targetRetries,
  };
}

function longestCallMs(calls: readonly CallRecord[]): number {
  return calls.reduce(
    (longest, call) => Math.max(longest, Date.parse(call.endedAt) - Date.parse(call.startedAt)),
    0,
  );
}

/**
 * Absent where the cost of any call is unknown: a part of a sum is no cost. A call that ended in an error was not paid,
 * but for one whose answer could not be read.
 */
export function sumCost(calls: readonly CallRecord[]): bigint | undefined {
  let sum = 0n;
  for (const call of calls) {
    if (call.error !== undefined && call.error.code !== 'MODEL_ANSWER_INVALID') continue;
    if (call.costPico === undefined) return undefined;
    sum += call.costPico;
  }
  return sum;
}

export function sumUsage(calls: readonly CallRecord[]): Usage {
  const sum = (of: (usage: Usage) => number | undefined): number =>
    calls.reduce(
      (total, call) => total + (call.usage === undefined ? 0 : (of(call.usage) ?? 0)),
      0,
    );
  return {
    inputTokens: sum((usage) => usage.inputTokens),
    outputTokens: sum((usage) => usage.outputTokens),
    cachedInputTokens: sum((usage) => usage.cachedInputTokens),
    reasoningTokens: sum((usage) => usage.reasoningTokens),
  };
}
