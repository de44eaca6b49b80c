import type { CellResult, EvaluatorFailure, ScoreRecord } from '../../contracts/records.js';
import { judgePath } from '../../core/experiment/judge-path.js';
import { AssayError, toErrorDocument, type ErrorDocument } from '../../core/errors/assay-error.js';
import type { ErrorCode } from '../../core/errors/catalogue.js';
import { cellTraceId, type CellIdentity } from '../../core/ids/platform-ids.js';
import type { Json } from '../../core/json/json.js';
import { wellFormedJson } from '../../core/text/well-formed.js';
import type { Evaluator, PartOutcome, TargetFigures } from '../../evaluators/port.js';
import { createCellCalls, type CellCalls } from '../../models/cell-calls.js';
import { createHttpCaller } from '../../models/http-call.js';
import type { PendingCell } from '../../store/cells.js';
import type { AttemptTrace } from '../../tracing/port.js';
import {
  cellResult,
  storable,
  targetFigures,
  type Judgement,
  type TargetOutcome,
} from './cell-result.js';
import type { ExperimentPorts } from './ports.js';
import type { RunningExperiment } from './running-experiment.js';
import { collecting, placeOf, tracedModels } from './traced-code.js';
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
  return (cell, run, signal) => {
    const identity = identityOfCell(cell, run);
    return collecting(identity, { run, ports }, async (trace) => {
      const calls = createCellCalls();
      const startedAt = new Date().toISOString();
      const started = performance.now();
      const work = { run, calls, ports, signal, trace };
      const target = await attemptTarget(cell, work);
      const latencyMs = performance.now() - started;
      const figures = targetFigures({ calls, latencyMs });
      const { traceId } = identity;
      const judged =
        target.error === undefined
          ? await evaluate(target.output, { ...work, cell, traceId, figures })
          : { scores: [], failures: [] };
      const traced = trace.spans();
      return cellResult(cell, { calls, startedAt, latencyMs, target, judged, traced });
    });
  };
}

/** Where the records of a cell stand on the platforms. */
export function identityOfCell(
  { item, repetition, revision }: Pick<PendingCell, 'item' | 'repetition' | 'revision'>,
  { runUid }: RunningExperiment,
): CellIdentity & { readonly traceId: string } {
  const identity = { runUid, itemId: item.id, repetition, revision };
  return { ...identity, traceId: cellTraceId(identity) };
}

interface CellWork {
  readonly run: RunningExperiment;
  readonly calls: CellCalls;
  readonly ports: ExperimentPorts;
  readonly signal: AbortSignal;
  readonly trace: AttemptTrace;
}

async function attemptTarget(cell: PendingCell, work: CellWork): Promise<TargetOutcome> {
  const { run, calls, ports, signal } = work;
  const { limits, experimentId, target } = run;
  const prompt = run.publications[0]?.context.run.prompt;
  const place = placeOf(work.trace, 'target', target);
  const limit = { ms: limits.targetMs, code: 'TARGET_TIMEOUT' as const, what: 'The target' };
  try {
    const output = await withinTime({ ...limit, signal }, (inTime, hold) => {
      const scope = {
        experimentId,
        cellId: cell.cellId,
        calls,
        policy: limits.retry,
        hold,
        budgeted: run.spec.budgetUsd !== undefined,
      };
      const ofModels = {
        ...scope,
        path: 'target',
        purpose: 'target' as const,
        signal: inTime,
        ...(prompt === undefined ? {} : { prompt }),
      };
      const { outbound, paidCalls, environment } = ports;
      return place.run(() =>
        target.run(cell.item.input, {
          signal: inTime,
          item: { id: cell.item.id, metadata: cell.item.metadata },
          repetition: cell.repetition,
          models: tracedModels(place, (parent) =>
            ports.models.forScope(parent === undefined ? ofModels : { ...ofModels, parent }),
          ),
          http: createHttpCaller({ outbound, paidCalls, environment, scope }),
        }),
      );
    }).finally(place.end);
    refuseWithoutMoney(calls);
    return { output: storable(output) };
  } catch (error) {
    refuseWithoutMoney(calls);
    rethrowIfNoOutcome(error, signal);
    return { error: recorded(error, 'TARGET_FAILED') };
  }
}

/** What the evaluators of one output work with. */
interface JudgeWork extends CellWork {
  readonly cell: PendingCell;
  readonly traceId: string;
  /** What the target took for the output. */
  readonly figures: TargetFigures;
  /** What stands already of evaluators that are not asked now, for those that are computed from them. */
  readonly standing?: ReadonlyMap<string, PartOutcome>;
}

/**
 * Asks all evaluators of a run about one output, side by side; those that are computed from others once these have judged. A
 * failure of one is data.
 */
export async function evaluate(output: Json, work: JudgeWork): Promise<Judgement> {
  const { evaluators } = work.run;
  const outcomes = new Map<string, PartOutcome>(work.standing);
  let waiting = evaluators;
  while (waiting.length > 0) {
    const names = new Set(waiting.map(({ name }) => name));
    const ready = waiting.filter(({ parts = [] }) => !parts.some((part) => names.has(part)));
    // Configs with a circle are refused; whatever comes here, it ends.
    const round = ready.length > 0 ? ready : waiting;
    await judgeRound(round, output, { ...work, outcomes });
    waiting = waiting.filter((each) => !round.includes(each));
  }
  const scores: ScoreRecord[] = [];
  const failures: EvaluatorFailure[] = [];
  for (const { name, required } of evaluators) {
    const outcome = outcomes.get(name);
    if (outcome === undefined) continue;
    if ('scores' in outcome) scores.push(...outcome.scores);
    else failures.push({ evaluator: name, required, error: outcome.failure });
  }
  return { scores, failures };
}

type RoundWork = JudgeWork & { readonly outcomes: Map<string, PartOutcome> };

async function judgeRound(
  round: readonly Evaluator[],
  output: Json,
  work: RoundWork,
): Promise<void> {
  const settled = await Promise.allSettled(
    round.map((evaluator) => evaluateOne(evaluator, output, work)),
  );
  refuseWithoutMoney(work.calls);
  settled.forEach((outcome, index) => {
    const evaluator = round[index];
    if (evaluator === undefined) return;
    if (outcome.status === 'rejected') rethrowIfNoOutcome(outcome.reason, work.signal);
    work.outcomes.set(
      evaluator.name,
      outcome.status === 'fulfilled'
        ? { scores: outcome.value }
        : { failure: recorded(outcome.reason, 'EVALUATOR_FAILED') },
    );
  });
}

function evaluateOne(
  evaluator: Evaluator,
  output: Json,
  work: RoundWork,
): Promise<readonly ScoreRecord[]> {
  const { cell, run, calls, ports, signal, traceId, figures, outcomes } = work;
  const path = judgePath(evaluator.name);
  const place = placeOf(work.trace, path, evaluator);
  const limit = {
    ms: run.limits.evaluatorMs,
    code: 'EVALUATOR_TIMEOUT' as const,
    what: `The evaluator "${evaluator.name}"`,
  };
  return withinTime({ ...limit, signal }, (inTime, hold) => {
    const scope = {
      experimentId: run.experimentId,
      cellId: cell.cellId,
      calls,
      policy: run.limits.retry,
      hold,
      budgeted: run.spec.budgetUsd !== undefined,
    };
    const ofModels = { ...scope, path, purpose: 'judge' as const, signal: inTime };
    const { outbound, paidCalls, environment } = ports;
    return place.run(() =>
      evaluator.evaluate(
        {
          input: cell.item.input,
          output,
          expected: cell.item.expected,
          metadata: cell.item.metadata,
          trace: { traceId },
          target: figures,
          ...(evaluator.parts === undefined ? {} : { parts: outcomes }),
        },
        {
          signal: inTime,
          models: tracedModels(place, (parent) =>
            ports.models.forScope(parent === undefined ? ofModels : { ...ofModels, parent }),
          ),
          http: createHttpCaller({
            outbound,
            paidCalls,
            environment,
            scope: { ...scope, judgePath: path },
          }),
        },
      ),
    );
  }).finally(place.end);
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
