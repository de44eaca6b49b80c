import type { CellResult, EvaluatorFailure } from '../../contracts/records.js';
import { AssayError, type ErrorDocument } from '../../core/errors/assay-error.js';
import type { Evaluator } from '../../evaluators/port.js';
import type { StoredCell } from '../../store/cell-results.js';
import type { PendingCell } from '../../store/cells.js';
import { createBatcher } from '../../store/journal/batcher.js';
import { commitJudgements, type JudgementCommit } from '../../store/passes/judgements.js';
import type { Store } from '../../store/store.js';
import { itemFor } from './foreign-items.js';
import { identityOf } from './reuse-cell.js';
import type { Judgement } from './cell-result.js';
import { earlier, isJudged, judgedCell, type JudgedCell } from './pass-cell.js';
import type { RunningExperiment } from './running-experiment.js';

export interface JudgementEntry {
  readonly cell: Pick<PendingCell, 'cellId' | 'supersedes'>;
  readonly result: Pick<CellResult, 'attempts'>;
  readonly run: RunningExperiment;
}

/** Writes judgements: the cell that was judged, its scores and what the platforms are sent, in one transaction. */
export function createJudgementCommitter(store: Store): {
  /** @returns whether this was the first outcome of the row of work. */
  commit(entry: JudgementEntry & { readonly result: CellResult }): Promise<boolean>;
} {
  const batcher = createBatcher<JudgementCommit, boolean>({
    maxBatch: 25,
    delayMs: 20,
    flush: async (commits) => {
      const won = await commitJudgements(store, commits);
      return commits.map(({ workId }) => won.has(workId));
    },
  });
  return {
    async commit(entry) {
      const { cell, result } = entry;
      if (isJudged(result)) return batcher.submit(toJudgement(entry, result));
      return batcher.submit(toGivenUp(entry, await earlier(cell, { store }), errorOf(result)));
    },
  };
}

const errorOf = ({ error }: CellResult): ErrorDocument =>
  error ?? new AssayError('EVALUATOR_FAILED', 'The cell was not judged.').toJSON();

/** Of a re-judgement: the evaluators whose scores are not those that stand there. */
export const changedJudges = ({
  evaluators,
  unchanged = new Set(),
}: RunningExperiment): readonly Evaluator[] =>
  evaluators.filter(({ name }) => !unchanged.has(name));

/**
 * What is written of a cell whose judgement did not come about: its workers were lost, or the command was cancelled. What it
 * has from evaluators that are as they were stays; scores that are not those of the evaluators of now go.
 */
export function toGivenUp(
  { cell, result, run }: JudgementEntry,
  before: StoredCell,
  error: ErrorDocument,
): JudgementCommit {
  const evaluators = changedJudges(run);
  const failures: readonly EvaluatorFailure[] = evaluators.map(({ name, required }) => ({
    evaluator: name,
    required,
    error,
  }));
  const changed: RunningExperiment = { ...run, evaluators };
  const fresh: Judgement = { scores: [], failures };
  const judged = judgedCell(before, { run: changed, fresh, calls: [], traced: {} });
  return {
    ...toJudgement({ cell, result, run: changed }, judged),
    outcome: evaluators.length === 0 ? 'skipped' : 'evaluator_error',
  };
}

/** Of what this judgement gave alone: a later run takes over what the evaluators of now say. */
function scoreIdentities(
  judged: JudgedCell,
  run: RunningExperiment,
): JudgementCommit['identities'] {
  const { source, calls } = judged.judgement;
  const { reusedFrom: _earlier, ...fresh } = judged;
  return identityOf(source, { result: { ...fresh, calls }, run })?.scores ?? new Map();
}

/** What is written of a judgement. */
export function toJudgement(
  { cell, result, run }: JudgementEntry,
  judged: JudgedCell,
): JudgementCommit {
  const { judgement } = judged;
  const now = new Date().toISOString();
  return {
    workId: cell.cellId,
    cellId: judged.cellId,
    outcome: 'ok',
    status: judged.status,
    evaluatorFailures: judged.evaluatorFailures,
    evaluators: run.evaluators.map(({ name }) => name),
    scores: judged.scores.filter(({ evaluator }) =>
      run.evaluators.some(({ name }) => name === evaluator),
    ),
    identities: scoreIdentities(judged, run),
    calls: judged.calls,
    ...(judged.spans === undefined ? {} : { spans: judged.spans }),
    ...(judged.spansLeftOut === undefined ? {} : { spansLeftOut: judged.spansLeftOut }),
    judgeCostPico: judged.judgeCostPico,
    embeddingCostPico: judged.embeddingCostPico,
    reusedFrom: judged.reusedFrom,
    usage: judged.usage,
    attempts: result.attempts,
    startedAt: judgement.calls[0]?.startedAt ?? now,
    endedAt: now,
    outbox: run.publications.map(({ platform, context }) => ({
      platform: platform.name,
      partition: run.experimentId,
      records: platform.encodeJudgement({
        cell: judged,
        item: itemFor(run.spec, platform, judgement.source.item),
        run: context,
        pass: run.pass?.number ?? 0,
        calls: judgement.calls,
        spans: judgement.spans,
        failures: judgement.failures,
      }),
    })),
  };
}
