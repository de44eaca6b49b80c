import {
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type ScheduleDescription,
} from '@temporalio/client';

import type { GateOutcome, Verdict } from '../contracts/gate-protocol.js';
import { AssayError } from '../core/errors/assay-error.js';
import { scheduledName } from '../core/schedule/scheduled-name.js';
import { findGate, type GateRecord } from '../store/gates.js';
import type { ScheduleKey } from './schedules.js';
import type { Transport } from './transport.js';

/** What a job came to when it was last started. */
export interface ScheduledRun {
  /** Of its gate and the run of its head. */
  readonly name: string;
  /** The time that was meant; ISO 8601. */
  readonly scheduledFor: string;
  readonly startedAt: string;
  /** `unknown`: Temporal has forgotten how it ended, and it left no gate or the database does not answer. */
  readonly state: 'running' | 'decided' | 'failed' | 'unknown';
  readonly verdict?: Verdict;
  /** Why it failed, or why nobody knows whether it did. */
  readonly error?: { readonly code: string; readonly message: string };
}

type Outcome = Pick<ScheduledRun, 'state' | 'verdict' | 'error'>;
type LastRunOf = (
  of: ScheduleKey,
  info: ScheduleDescription['info'],
) => Promise<ScheduledRun | undefined>;

/**
 * Looks how last starts of jobs ended; undefined where a job was never started. The database remembers for longer than Temporal,
 * but where it does not answer jobs are told all the same.
 */
export function lastRuns(transport: Transport): LastRunOf {
  let away: AssayError | undefined;
  const gateOf = async (of: { readonly project: string; readonly name: string }) => {
    // Of a whole list it is waited for once.
    if (away !== undefined) return away;
    try {
      return await findGate(await transport.store(), of);
    } catch (error) {
      if (!AssayError.is(error)) throw error;
      return (away = error);
    }
  };
  return async ({ project, job }, { recentActions }) => {
    const last = recentActions.at(-1);
    if (last === undefined) return undefined;
    const name = scheduledName(job, last.scheduledAt);
    const run = {
      name,
      scheduledFor: last.scheduledAt.toISOString(),
      startedAt: last.takenAt.toISOString(),
    };
    // First: a gate of an earlier try may stand there while this one goes on, or was refused.
    const ended = await endOf(await transport.temporal(), last.action.workflow.workflowId);
    if (ended.state === 'running' || ended.state === 'failed') return { ...run, ...ended };
    return { ...run, ...outcomeOf(await gateOf({ project, name }), ended) };
  };
}

function outcomeOf(gate: GateRecord | AssayError | undefined, ended: Outcome): Outcome {
  if (gate === undefined) return { state: 'unknown' };
  if (AssayError.is(gate)) {
    return ended.state === 'decided' ? ended : { state: 'unknown', error: told(gate) };
  }
  const { verdict, error, status: state } = gate;
  return {
    state,
    ...(verdict === undefined ? {} : { verdict }),
    ...(error === undefined ? {} : { error: told(error) }),
  };
}

const told = ({ code, message }: { readonly code: string; readonly message: string }) => ({
  code,
  message,
});

/** As Temporal knows it. Its id has the time that was meant: of one that is run for again the newest execution is looked at. */
async function endOf(client: Client, workflowId: string): Promise<Outcome> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    const { status } = await handle.describe();
    if (status.name === 'RUNNING') return { state: 'running' };
    // One that was not decided failed: see the workflow.
    const result = (await handle.result()) as GateOutcome | undefined;
    return result?.outcome === 'decided'
      ? { state: 'decided', verdict: result.verdict }
      : { state: 'unknown' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { state: 'unknown' };
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { type, message } = (error.cause ?? error) as { type?: unknown; message: string };
    return {
      state: 'failed',
      error: { code: typeof type === 'string' ? type : 'GATE_RUN_FAILED', message },
    };
  }
}
