import type { BaselineActivities, RenewalStart } from '../../contracts/baseline.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { withHeartbeat } from '../heartbeat.js';
import { isAnswer } from './answer.js';
import { getBaseline } from './baselines.js';
import type { RegressionPorts } from './ports.js';

/** Asks for the re-judgement of a baseline's run, by the very way that people ask for it. */
export function createStartRenewal(ports: RegressionPorts): BaselineActivities['startRenewal'] {
  return (key) =>
    withHeartbeat(async (): Promise<RenewalStart> => {
      try {
        return await start(key, ports);
      } catch (error) {
        if (!isAnswer(error)) throw error;
        return { state: 'rejected', error: error.toJSON() };
      }
    });
}

async function start(
  { project, name }: { readonly project: string; readonly name: string },
  { store, runs }: RegressionPorts,
): Promise<RenewalStart> {
  const { experimentId, run } = await getBaseline(store, { project, name });
  const reply = await runs.rejudge({ project, name: run });
  switch (reply.outcome) {
    case 'started':
    case 'attached':
      return { state: 'judging', experimentId };
    case 'ending':
      throw new AssayError('EXPERIMENT_RUNNING', `"${run}" is about to end.`, {
        retryAfterMs: 1_000,
      });
    case 'rejected':
      // Its judges are those of today already: somebody has judged the run again, and only the baseline is behind.
      if (reply.error.code === 'NOTHING_TO_REJUDGE') return { state: 'ready', experimentId };
      return { state: 'rejected', error: reply.error };
  }
}
