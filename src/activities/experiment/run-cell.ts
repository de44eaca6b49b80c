import type { CellResult, EvaluatorFailure, ScoreRecord } from '../../contracts/records.js';
import { judgePath } from '../../core/experiment/judge-path.js';
import { AssayError, toErrorDocument, type ErrorDocument } from '../../core/errors/assay-error.js';
import type { ErrorCode } from '../../core/errors/catalogue.js';
import { cellTraceId } from '../../core/ids/platform-ids.js';
import type { Json } from '../../core/json/json.js';
import { wellFormedJson } from '../../core/text/well-formed.js';
import type { Evaluator } from '../../evaluators/port.js';
import { createCellCalls, type CellCalls } from '../../models/cell-calls.js';
import { createHttpCaller } from '../../models/http-call.js';
import type { PendingCell } from '../../store/cells.js';
import { cellResult, storable, type Judgement, type TargetOutcome } from './cell-result.js';
import type { ExperimentPorts } from './ports.js';
import type { RunningExperiment } from './running-experiment.js';
import { withinTime } from './within-time.js';

/** What happens to one cell: the target once, then its evaluators. A failure of the cell is data, not an exception. */
export type RunCell = (
  cell: PendingCell,
  run: RunningExperiment,
  signal: AbortSignal,
) => Promise<CellResult>;

/**
 * Makes the runner of cells.
 *
 * @throws AssayError with `retryAfterMs` where the cell must wait (a rate limit, a claim held elsewhere), POSTGRES_UNREACHABLE,
 *   or the signal's reason: then the cell has no outcome and is run again.
 */
export function createRunCell(ports: ExperimentPorts): RunCell {
  return async (cell, run, signal) => {
    const calls = createCellCalls();
    const startedAt = new Date().toISOString();
    const started = performance.now();
    const traceId = cellTraceId({ ...cell, runUid: run.runUid, itemId: cell.item.id });
    const target = await attemptTarget(cell, { run, calls, ports, signal });
    const latencyMs = performance.now() - started;
    const judged =
      target.error === undefined
        ? await evaluate(target.output, { cell, run, calls, ports, signal, traceId })
        : { scores: [], failures: [] };
    return cellResult(cell, { calls, startedAt, latencyMs, target, judged });
  };
}

interface CellWork {
  readonly run: RunningExperiment;
  readonly calls: CellCalls;
  readonly ports: ExperimentPorts;
  readonly signal: AbortSignal;
}

async function attemptTarget(cell: PendingCell, work: CellWork): Promise<TargetOutcome> {
  const { run, calls, ports, signal } = work;
  const { limits, experimentId, target } = run;
  const prompt = run.publications[0]?.context.run.prompt;
  const limit = { ms: limits.targetMs, code: 'TARGET_TIMEOUT' as const, what: 'The target' };
  try {
    const output = await withinTime({ ...limit, signal }, (inTime, hold) =>
      target.run(cell.item.input, {
        signal: inTime,
        item: { id: cell.item.id, metadata: cell.item.metadata },
        repetition: cell.repetition,
        models: ports.models.forScope({
          experimentId,
          cellId: cell.cellId,
          calls,
          path: 'target',
          purpose: 'target',
          policy: limits.retry,
          signal: inTime,
          hold,
          budgeted: run.spec.budgetUsd !== undefined,
          ...(prompt === undefined ? {} : { prompt }),
        }),
        http: createHttpCaller({
          outbound: ports.outbound,
          paidCalls: ports.paidCalls,
          environment: ports.environment,
          scope: {
            experimentId,
            cellId: cell.cellId,
            calls,
            policy: limits.retry,
            hold,
            budgeted: run.spec.budgetUsd !== undefined,
          },
        }),
      }),
    );
    refuseWithoutMoney(calls);
    return { output: storable(output) };
  } catch (error) {
    refuseWithoutMoney(calls);
    rethrowIfNoOutcome(error, signal);
    return { error: recorded(error, 'TARGET_FAILED') };
  }
}

/** Asks all evaluators of a run about one output. A failure of one is data. */
export async function evaluate(
  output: Json,
  work: CellWork & { cell: PendingCell; traceId: string },
): Promise<Judgement> {
  const outcomes = await Promise.allSettled(
    work.run.evaluators.map((evaluator) => evaluateOne(evaluator, output, work)),
  );
  refuseWithoutMoney(work.calls);
  const scores: ScoreRecord[] = [];
  const failures: EvaluatorFailure[] = [];
  outcomes.forEach((outcome, index) => {
    const evaluator = work.run.evaluators[index];
    if (evaluator === undefined) return;
    if (outcome.status === 'fulfilled') scores.push(...outcome.value);
    else {
      rethrowIfNoOutcome(outcome.reason, work.signal);
      const error = recorded(outcome.reason, 'EVALUATOR_FAILED');
      failures.push({ evaluator: evaluator.name, required: evaluator.required, error });
    }
  });
  return { scores, failures };
}

function evaluateOne(
  evaluator: Evaluator,
  output: Json,
  work: CellWork & { cell: PendingCell; traceId: string },
): Promise<readonly ScoreRecord[]> {
  const { cell, run, calls, ports, signal, traceId } = work;
  const limit = {
    ms: run.limits.evaluatorMs,
    code: 'EVALUATOR_TIMEOUT' as const,
    what: `The evaluator "${evaluator.name}"`,
  };
  return withinTime({ ...limit, signal }, (inTime, hold) =>
    evaluator.evaluate(
      {
        input: cell.item.input,
        output,
        expected: cell.item.expected,
        metadata: cell.item.metadata,
        trace: { traceId },
      },
      {
        signal: inTime,
        models: ports.models.forScope({
          experimentId: run.experimentId,
          cellId: cell.cellId,
          calls,
          path: judgePath(evaluator.name),
          purpose: 'judge',
          policy: run.limits.retry,
          signal: inTime,
          hold,
          budgeted: run.spec.budgetUsd !== undefined,
        }),
      },
    ),
  );
}

// Code of users may catch what says that the budget is used up and go on with less: that is no outcome to record.
function refuseWithoutMoney({ outOfBudget }: CellCalls): void {
  if (outOfBudget !== undefined) throw outOfBudget;
}

// These say that the cell has not ended: it waits, or its worker stops, or the truth cannot be written.
const noOutcome: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CALL_CLAIM_REFUSED',
  'MODEL_RATE_LIMITED',
  'POSTGRES_UNREACHABLE',
  'BUDGET_EXHAUSTED',
]);

function rethrowIfNoOutcome(error: unknown, signal: AbortSignal): void {
  if (signal.aborted) throw signal.reason;
  if (!AssayError.is(error)) return;
  // A known wait says the same: the provider asked for it, or is away and expected back.
  if (noOutcome.has(error.code) || error.retryAfterMs !== undefined) throw error;
}

function recorded(error: unknown, fallback: ErrorCode): ErrorDocument {
  const document = toErrorDocument(error, fallback);
  const { value } = wellFormedJson(document as unknown as Json);
  const safe = value as unknown as ErrorDocument;
  return { ...safe, message: safe.message.slice(0, 4_000) };
}
