import type {
  CallRecord,
  CellResult,
  EvaluatorFailure,
  ReusedFrom,
  TracedSpan,
} from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import {
  evaluatorOfPath,
  pathInPass,
  pathWithoutPass,
  placed,
} from '../../core/experiment/judge-path.js';
import { cellTraceId } from '../../core/ids/platform-ids.js';
import { picoFromDollars } from '../../core/money/pico.js';
import type { PartOutcome, TargetFigures } from '../../evaluators/port.js';
import { createCellCalls } from '../../models/cell-calls.js';
import { cellsByIds, type StoredCell } from '../../store/cell-results.js';
import type { PendingCell } from '../../store/cells.js';
import type { TracedSpans } from '../../tracing/port.js';
import { cellResult, sumCost, sumUsage, type Judgement } from './cell-result.js';
import type { ExperimentPorts } from './ports.js';
import { evaluate, identityOfCell, type RunCell } from './run-cell.js';
import type { RunningExperiment } from './running-experiment.js';
import { collecting } from './traced-code.js';

/** What came of a judgement: the cell as it is from now on, and what of it is new. */
export interface JudgedCell extends CellResult {
  readonly judgement: {
    readonly source: StoredCell;
    readonly calls: readonly CallRecord[];
    readonly spans: readonly TracedSpan[];
    readonly failures: readonly EvaluatorFailure[];
  };
}

export const isJudged = (result: CellResult): result is JudgedCell => 'judgement' in result;

/**
 * Makes the runner of cells of a pass: a retry keeps what was fine of the cell before, a judgement calls no target. Cells of
 * the run itself, and new repetitions, are run as they are.
 */
export function createPassCell(ports: ExperimentPorts, runCell: RunCell): RunCell {
  return async (cell, run, signal) => {
    if (cell.supersedes === undefined) return runCell(cell, run, signal);
    const before = await earlier(cell, ports);
    if (run.pass?.kind === 'rejudge') return judge(cell, { before, run, ports, signal });
    const result =
      before.output === undefined || before.status === 'skipped'
        ? await runCell(cell, run, signal)
        : await judgeWhatFailed(cell, { before, run, ports, signal });
    return before.traceId === undefined ? result : { ...result, supersedes: before.traceId };
  };
}

/** The cell that another one follows or judges. */
export async function earlier(
  cell: Pick<PendingCell, 'cellId' | 'supersedes'>,
  { store }: Pick<ExperimentPorts, 'store'>,
): Promise<StoredCell> {
  const [before] = await cellsByIds(store, [cell.supersedes ?? '']);
  if (before !== undefined) return before;
  throw new AssayError('INTERNAL', `The cell before ${cell.cellId} is not there.`);
}

interface Work {
  readonly before: StoredCell;
  readonly run: RunningExperiment;
  readonly ports: ExperimentPorts;
  readonly signal: AbortSignal;
}

/** The target's answer is there and paid for, as are the scores of evaluators that did not fail: only the others are asked. */
async function judgeWhatFailed(cell: PendingCell, work: Work): Promise<CellResult> {
  const { before, run, ports, signal } = work;
  const { output } = before;
  if (output === undefined) throw new AssayError('INTERNAL', `Nothing is there to judge.`);
  const failed = new Set(before.evaluatorFailures.map(({ evaluator }) => evaluator));
  const calls = createCellCalls();
  for (const call of before.calls) {
    const evaluator = evaluatorOfPath(call.path);
    if (evaluator !== undefined && failed.has(evaluator)) continue;
    calls.add({ ...placed(call, pathWithoutPass), replayed: true });
  }
  const kept = (before.spans ?? [])
    .filter(({ path }) => !failed.has(evaluatorOfPath(path) ?? ''))
    .map((span) => placed(span, pathWithoutPass));
  const startedAt = new Date().toISOString();
  const asked = { ...run, evaluators: run.evaluators.filter(({ name }) => failed.has(name)) };
  const identity = identityOfCell(cell, run);
  const { traceId } = identity;
  const { fresh, traced } = await collecting(identity, { run: asked, ports }, async (trace) => ({
    fresh: await evaluate(output, {
      cell,
      run: asked,
      calls,
      ports,
      signal,
      trace,
      traceId,
      ...standing(before),
    }),
    traced: trace.spans(),
  }));
  const judged: Judgement = {
    scores: [...before.scores.filter(({ evaluator }) => !failed.has(evaluator)), ...fresh.scores],
    failures: fresh.failures,
  };
  const { latencyMs } = before;
  const target = { output };
  const result = cellResult(cell, { calls, startedAt, latencyMs, target, judged, traced });
  const spans = [...kept, ...(traced.spans ?? [])];
  // The copied calls keep their times and do not stretch the cell over the days in between.
  const { attempts, reusedFrom } = before;
  return {
    ...result,
    startedAt,
    latencyMs,
    attempts,
    ...(spans.length === 0 ? {} : { spans }),
    ...(reusedFrom === undefined ? {} : { reusedFrom }),
  };
}

/** What the output took when it was made, and what evaluators said of it. */
function standing(before: StoredCell): {
  readonly figures: TargetFigures;
  readonly standing: ReadonlyMap<string, PartOutcome>;
} {
  const { latencyMs, targetCostPico, reusedFrom } = before;
  const ofTarget = before.calls.filter(({ purpose }) => purpose === 'target');
  const outcomes = new Map<string, PartOutcome>();
  for (const score of before.scores) {
    const said = outcomes.get(score.evaluator);
    const scores = said !== undefined && 'scores' in said ? said.scores : [];
    outcomes.set(score.evaluator, { scores: [...scores, score] });
  }
  for (const { evaluator, error } of before.evaluatorFailures) {
    outcomes.set(evaluator, { failure: error });
  }
  const source = reusedFrom?.output.costDollars;
  const costOfSource = source === undefined ? undefined : picoFromDollars(source);
  return {
    figures: {
      latencyMs,
      costPico: reusedFrom === undefined ? targetCostPico : costOfSource,
      calls: reusedFrom === undefined ? ofTarget : undefined,
    },
    standing: outcomes,
  };
}

/** A later judgement's calls of equal content are calls of their own: somebody asked for them. */
const occurrencesPerPass = 100_000;

async function judge(cell: PendingCell, work: Work): Promise<JudgedCell> {
  const { before, run, ports, signal } = work;
  if (before.output === undefined) throw new AssayError('INTERNAL', `Nothing is there to judge.`);
  const calls = createCellCalls({ before: (run.pass?.number ?? 0) * occurrencesPerPass });
  const traceId = before.traceId ?? cellTraceId({ ...before, runUid: run.runUid });
  const { output, itemId, repetition, revision } = before;
  const identity = { runUid: run.runUid, itemId, repetition, revision, traceId };
  const pass = run.pass?.number ?? 0;
  return collecting({ ...identity, pass }, { run, ports }, async (trace) => {
    const work = { cell, run, calls, ports, signal, trace, traceId };
    const fresh = await evaluate(output, { ...work, ...standing(before) });
    return judgedCell(before, { run, fresh, calls: calls.records, traced: trace.spans() });
  });
}

/** The cell as it is after a judgement. */
export function judgedCell(
  before: StoredCell,
  of: {
    run: RunningExperiment;
    fresh: Judgement;
    calls: readonly CallRecord[];
    traced: TracedSpans;
  },
): JudgedCell {
  const { run, fresh, calls, traced } = of;
  const asked = new Set(run.evaluators.map(({ name }) => name));
  const pass = run.pass?.number ?? 0;
  const failures = [
    ...before.evaluatorFailures.filter(({ evaluator }) => !asked.has(evaluator)),
    ...fresh.failures,
  ];
  const kept = before.scores.filter(({ evaluator }) => !asked.has(evaluator));
  const taken = new Set(kept.map(({ name }) => name));
  const inPass = (path: string): string => pathInPass(pass, path);
  const all = [...before.calls, ...calls.map((call) => placed(call, inPass))];
  const { spans = [], spansLeftOut = 0 } = traced;
  const allSpans = [...(before.spans ?? []), ...spans.map((span) => placed(span, inPass))];
  const allLeftOut = (before.spansLeftOut ?? 0) + spansLeftOut;
  return {
    ...before,
    status: failures.some(({ required }) => required) ? 'evaluator_error' : 'ok',
    evaluatorFailures: failures,
    // Evaluators that are not in the config any more were not built with the others, which refuses names given twice.
    scores: [...kept, ...fresh.scores.filter(({ name }) => !taken.has(name))],
    calls: all,
    ...(allSpans.length === 0 ? {} : { spans: allSpans }),
    ...(allLeftOut === 0 ? {} : { spansLeftOut: allLeftOut }),
    judgeCostPico: sumCost(all.filter(({ purpose }) => purpose === 'judge')),
    embeddingCostPico: sumCost(all.filter(({ purpose }) => purpose === 'embedding')),
    usage: sumUsage(all),
    judgement: { source: before, calls, spans, failures: fresh.failures },
    ...(before.reusedFrom === undefined
      ? {}
      : { reusedFrom: withoutScoresOf(before.reusedFrom, asked) }),
  };
}

// What a judgement gave was not taken over from anywhere.
function withoutScoresOf(reused: ReusedFrom, evaluators: ReadonlySet<string>): ReusedFrom {
  return { ...reused, scores: reused.scores.filter(({ evaluator }) => !evaluators.has(evaluator)) };
}
