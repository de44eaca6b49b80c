import type {
  ExperimentActivities,
  RunCommand,
  RunCommandReply,
} from '../../contracts/experiment-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { decimal } from '../../core/money/budget-text.js';
import { budgetOf, setBudget } from '../../store/budget.js';
import { getExperiment } from '../../store/experiments.js';
import {
  recordConcurrency,
  recordPause,
  recordStop,
  requestAbort,
} from '../../store/run-commands.js';
import type { Store } from '../../store/store.js';
import { withHeartbeat } from '../heartbeat.js';
import type { ExperimentPorts } from './ports.js';

/** Writes a command into the run's row: its workers and everybody who looks find it there. */
export function createRecordCommand(
  ports: Pick<ExperimentPorts, 'store'>,
): ExperimentActivities['recordCommand'] {
  return ({ experimentId, command }) =>
    withHeartbeat(async (): Promise<RunCommandReply> => {
      try {
        await record(ports.store, experimentId, command);
        return { outcome: 'recorded' };
      } catch (error) {
        // What only the rows know stands in its way: whoever asked is waiting for the answer.
        if (AssayError.is(error) && error.entry.retry === 'never') {
          return { outcome: 'refused', error: error.toJSON() };
        }
        throw error;
      }
    });
}

async function record(store: Store, experimentId: string, command: RunCommand): Promise<void> {
  switch (command.kind) {
    case 'pause':
      return recordPause(store, experimentId, command.pause);
    case 'resume':
      return recordPause(store, experimentId, undefined);
    case 'concurrency':
      return recordConcurrency(store, experimentId, command.concurrency);
    case 'abort':
      return requestAbort(store, experimentId);
    case 'stop':
      return recordStop(store, experimentId, command.stop);
    case 'budget':
      return changeBudget(store, experimentId, command.budgetUsd);
  }
}

async function changeBudget(store: Store, experimentId: string, usd: number): Promise<void> {
  const now = await budgetOf(store, experimentId);
  const { pause } = await getExperiment(store, experimentId);
  const least = pause?.cause === 'budget' ? pause.leastBudgetUsd : undefined;
  if (least !== undefined && usd < least) {
    throw new AssayError(
      'BUDGET_TOO_SMALL',
      `${pause?.reason ?? 'The run is paused'}; with $${decimal(usd)} it would stay paused.`,
      { mend: `Give at least $${decimal(least)}, or cancel the run.` },
    );
  }
  const spent = (now?.spentUsd ?? 0) + (now?.reservedUsd ?? 0);
  if (now !== undefined && usd < spent) {
    const held =
      now.reservedUsd > 0 ? `, $${decimal(now.reservedUsd)} of it for calls under way` : '';
    throw new AssayError(
      'BUDGET_BELOW_SPENT',
      `$${decimal(spent)} of $${decimal(now.budgetUsd)} are spent${held}: a budget of $${decimal(usd)} is below that.`,
      { mend: `Give at least $${decimal(spent)}, or cancel the run.` },
    );
  }
  await setBudget(store, experimentId, usd);
}
