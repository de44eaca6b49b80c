import type { CallRecord, CellResult } from '../../contracts/records.js';
import { evaluatorOfPath } from '../../core/experiment/judge-path.js';
import { dollarsFromPico, picoFromDollars } from '../../core/money/pico.js';
import type { TargetFigures } from '../../evaluators/port.js';
import { createCellCalls } from '../../models/cell-calls.js';
import type { CellIdentityRecord } from '../../store/cell-commit.js';
import type { PendingCell } from '../../store/cells.js';
import { cellResult, sumCost, type Judgement } from './cell-result.js';
import type { ExperimentPorts } from './ports.js';
import { reusedFrom, type CellReuse, type ReusingCell } from './reuse.js';
import { evaluate, identityOfCell, type RunCell } from './run-cell.js';
import type { RunningExperiment } from './running-experiment.js';
import { collecting } from './traced-code.js';

/** Makes the runner of cells of which a part can be taken over: their target is not called, and only the others judge. */
export function createReuseCell(ports: ExperimentPorts, runCell: RunCell): RunCell {
  return async (cell: ReusingCell, run, signal) => {
    const reuse = await cell.reuse?.();
    // Pruned since it was found: the cell is run as if nothing had been there.
    if (reuse === undefined) return runCell(cell, run, signal);
    const startedAt = new Date().toISOString();
    const identity = identityOfCell(cell, run);
    const asked = {
      ...run,
      evaluators: run.evaluators.filter(({ name }) => !reuse.scores.has(name)),
    };
    return collecting(identity, { run: asked, ports }, async (trace) => {
      const calls = createCellCalls();
      const fresh = await evaluate(reuse.output, {
        cell,
        run: asked,
        calls,
        ports,
        signal,
        trace,
        traceId: identity.traceId,
        figures: recordedFigures(reuse),
        standing: new Map(
          [...reuse.scores].map(([name, said]) => [name, { scores: said.records }]),
        ),
      });
      const { records } = calls;
      const result = takenOver(cell, { reuse, run, calls: records, fresh, startedAt });
      return { ...result, ...trace.spans() };
    });
  };
}

/** What the output took when it was made; its calls stay with the cell that made them. */
function recordedFigures({ latencyMs, source }: CellReuse): TargetFigures {
  const { costDollars } = source;
  return {
    latencyMs,
    costPico: costDollars === undefined ? undefined : picoFromDollars(costDollars),
    calls: undefined,
  };
}

/** The record of a cell that is taken over as a whole. */
export function wholeCell(
  cell: PendingCell,
  { reuse, run }: { reuse: CellReuse; run: RunningExperiment },
): CellResult {
  const startedAt = new Date().toISOString();
  return takenOver(cell, {
    reuse,
    run,
    calls: [],
    fresh: { scores: [], failures: [] },
    startedAt,
  });
}

function takenOver(
  cell: PendingCell,
  of: {
    reuse: CellReuse;
    run: RunningExperiment;
    calls: readonly CallRecord[];
    fresh: Judgement;
    startedAt: string;
  },
): CellResult {
  const { reuse, run, fresh, startedAt } = of;
  const { output, latencyMs } = reuse;
  const scores = run.evaluators.flatMap(
    ({ name }) =>
      reuse.scores.get(name)?.records ?? fresh.scores.filter(({ evaluator }) => evaluator === name),
  );
  const calls = createCellCalls();
  for (const call of of.calls) calls.add(call);
  const judged: Judgement = { scores, failures: fresh.failures };
  const result = cellResult(cell, { calls, startedAt, latencyMs, target: { output }, judged });
  // No call of the target stands behind it: nothing was tried, and the time is the one that was measured then.
  return { ...result, latencyMs, attempts: 0, reusedFrom: reusedFrom(reuse) };
}

/** What lets later runs take this cell over; undefined where it has no output. */
export function identityOf(
  cell: Pick<PendingCell, 'item' | 'repetition'>,
  { result, run }: { result: CellResult; run: RunningExperiment },
): CellIdentityRecord | undefined {
  const { output, calls, reusedFrom: reused } = result;
  if (output === undefined) return undefined;
  const hashes = run.identities.scoreHashes({ item: cell.item, output });
  return {
    targetHash: run.identities.targetHash(cell),
    scores: new Map(
      [...hashes].map(([evaluator, hash]) => {
        const earlier = reused?.scores.find((each) => each.evaluator === evaluator);
        const costDollars = earlier === undefined ? costOf(calls, evaluator) : earlier.costDollars;
        return [evaluator, { hash, costDollars }];
      }),
    ),
  };
}

function costOf(calls: readonly CallRecord[], evaluator: string): string | undefined {
  const cost = sumCost(calls.filter(({ path }) => evaluatorOfPath(path) === evaluator));
  return cost === undefined ? undefined : dollarsFromPico(cost);
}
