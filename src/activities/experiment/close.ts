import type { ExperimentActivities } from '../../contracts/experiment-protocol.js';
import type { RunScore } from '../../contracts/publication.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { classificationScores, runScoreOf } from '../../core/experiment/run-score.js';
import { recountCells } from '../../store/cells.js';
import { markCellsDone } from '../../store/experiment-end.js';
import { getExperiment, setStatus, type ExperimentRecord } from '../../store/experiments.js';
import { labelPairs } from '../../store/label-pairs.js';
import { retireRunScores } from '../../store/passes/retire.js';
import { countPassCells } from '../../store/passes/pass-cells.js';
import { findOpenPass } from '../../store/passes/pass-records.js';
import type { Queryable } from '../../store/query.js';
import { putRunScores, scoreFigures } from '../../store/run-scores.js';
import { skipPending } from '../../store/skip-cells.js';
import { withTransaction } from '../../store/store.js';
import { anchorRounds, anchorScores, keepAnchors } from './anchors.js';
import { giveUpPass, retireReplaced } from './pass-close.js';
import { withHeartbeat, type Beat } from '../heartbeat.js';
import type { ExperimentPorts } from './ports.js';
import { platformNamed } from './run-platforms.js';

/**
 * Closes the cells of a run: what is still pending is recorded as skipped (after a cancel or a failure), the scores of the run as a whole
 * are put out, and the publisher learns that nothing more will come.
 */
export function createClose(ports: ExperimentPorts): ExperimentActivities['closeCells'] {
  return ({ experimentId, ended }) =>
    withHeartbeat(async (beat) => {
      const pass = await findOpenPass(ports.store, experimentId);
      if (ended !== undefined) {
        const error = (await reasonOf(ended, experimentId, ports)).toJSON();
        if (pass !== undefined) {
          await giveUpPass(ports, {
            record: await getExperiment(ports.store, experimentId),
            pass,
            error,
            beat,
          });
        }
        await skipPending(ports.store, experimentId, {
          waiting: error,
          inFlight: aborted.toJSON(),
          onProgress: (skipped) => {
            beat.tell({ step: 'skip', skipped });
          },
        });
      }
      const record = await getExperiment(ports.store, experimentId);
      // A run whose verdict was settled has one: how much of it is the judge belongs to it.
      const well = ended === undefined || ended === 'settled';
      if (well) await keepAnchors({ record, pass }, ports, beat);
      const anchors = anchorScores(await anchorRounds(ports, experimentId));
      // In one transaction: a publisher that sees the cells done must find the run's scores in the outbox.
      await withTransaction(ports.store, async (on) => {
        const doneAt = await markCellsDone(on, experimentId);
        if (doneAt === undefined) return;
        await retireReplaced(on, experimentId, { pass, beat });
        await putScoresOfRun(on, { record, doneAt, pass: pass?.pass ?? 1, ports, anchors, beat });
      });
      beat.tell({ step: 'count' });
      const counts = await recountCells(ports.store, experimentId);
      const judgements =
        pass?.kind === 'rejudge'
          ? (await countPassCells(ports.store, { experimentId, pass: pass.pass })).pending
          : 0;
      const pending = counts.pending + judgements;
      if (pending > 0) {
        // The batches say that they are through and the rows say otherwise: never end a run on that.
        throw new AssayError('INTERNAL', `${pending} cells are still pending.`, {
          retryAfterMs: 1_000,
        });
      }
      await setStatus(ports.store, experimentId, { status: 'publishing' });
      return counts;
    });
}

type Ended = NonNullable<Parameters<ExperimentActivities['closeCells']>[0]['ended']>;

async function reasonOf(
  ended: Ended,
  experimentId: string,
  { store }: ExperimentPorts,
): Promise<AssayError> {
  switch (ended) {
    case 'cancelled':
      return new AssayError(
        'EXPERIMENT_CANCELLED',
        'The experiment was cancelled before this cell ran.',
      );
    case 'failed':
      return new AssayError('EXPERIMENT_FAILED', 'The experiment failed before this cell ran.');
    case 'max_failures':
      return new AssayError(
        'MAX_FAILURES',
        'The experiment was stopped before this cell ran: too many had failed.',
      );
    case 'settled': {
      const { earlyStop } = await getExperiment(store, experimentId);
      const reason = earlyStop === undefined ? '' : `: ${earlyStop.early.reason}`;
      return new AssayError(
        'EARLY_STOP',
        `The verdict of its gate was settled before this cell ran${reason}`,
        { mend: 'To run it all the same: `assay experiment retry --skipped`.' },
      );
    }
  }
}

const aborted = new AssayError(
  'CELL_ABORTED',
  'The experiment was ended while this cell ran: it was aborted, or its worker was lost.',
  { mend: 'Its call may have been paid for. Retry it with the cells that failed.' },
);

async function putScoresOfRun(
  on: Queryable,
  of: {
    readonly record: ExperimentRecord;
    readonly doneAt: string;
    readonly pass: number;
    readonly ports: ExperimentPorts;
    readonly anchors: readonly RunScore[];
    readonly beat: Beat;
  },
): Promise<void> {
  const { record, doneAt, pass, ports, anchors, beat } = of;
  const { id: experimentId, context } = record;
  if (context === undefined) return;
  const onProgress = (items: number): void => beat.tell({ step: 'scores', items });
  const figures = await scoreFigures(on, experimentId, { onProgress });
  const evaluators = (record.manifest?.evaluators ?? [])
    .filter(({ kind }) => kind === 'classification')
    .map(({ name }) => name);
  const scores = [
    ...figures.flatMap((each) => runScoreOf(each) ?? []),
    ...classificationScores(await labelPairs(on, { experimentId, evaluators, onProgress })),
    ...anchors,
  ];
  for (const run of record.platformRuns) {
    const platform = platformNamed(ports, run.platform);
    const records = platform.encodeRunScores({
      scores,
      run: { ...context, run },
      // Those of a later pass replace them: a platform can file a score by its time.
      timestamp: record.scoredAt ?? doneAt,
    });
    await retireRunScores(on, {
      experimentId,
      platform: run.platform,
      before: doneAt,
      ids: records.flatMap(({ ids }) => ids),
      pass,
    });
    await putRunScores(on, {
      experimentId,
      platform: run.platform,
      partition: experimentId,
      records,
    });
  }
}
