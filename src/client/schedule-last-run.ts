import {
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type ScheduleDescription,
} from '@temporalio/client';

import type { Verdict } from '../contracts/gate-protocol.js';
import { scheduledName } from '../core/schedule/scheduled-name.js';
import { findGate } from '../store/gates.js';
import type { ScheduleKey } from './schedules.js';
import type { Transport } from './transport.js';

/** What a job came to when it was last started. */
export interface ScheduledRun {
  /** Of its gate and the run of its head. */
  readonly name: string;
  /** The time that was meant; ISO 8601. */
  readonly scheduledFor: string;
  readonly startedAt: string;
  /** `unknown`: it left no gate, and Temporal has forgotten how it ended. */
  readonly state: 'running' | 'decided' | 'failed' | 'unknown';
  readonly verdict?: Verdict;
  /** Why it failed. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** Looks how the last start of a job ended; undefined where it was never started. */
export async function lastRunOf(
  transport: Transport,
  { project, job }: ScheduleKey,
  { recentActions }: ScheduleDescription['info'],
): Promise<ScheduledRun | undefined> {
  const last = recentActions.at(-1);
  if (last === undefined) return undefined;
  const name = scheduledName(job, last.scheduledAt);
  const run = {
    name,
    scheduledFor: last.scheduledAt.toISOString(),
    startedAt: last.takenAt.toISOString(),
  };
  const client = await transport.temporal();
  // First: a gate of an earlier try may stand there while this one goes on, or was refused.
  const ended = await endOf(client, last.action.workflow.workflowId);
  if (ended.state === 'failed') return { ...run, ...ended };
  if (ended.state === 'running') return { ...run, state: 'running' };
  const gate = await findGate(await transport.store(), { project, name });
  if (gate === undefined) return { ...run, state: 'unknown' };
  const { verdict, error, status: state } = gate;
  return {
    ...run,
    state,
    ...(verdict === undefined ? {} : { verdict }),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
  };
}

type Ended =
  | { readonly state: 'running' | 'done' | 'unknown' }
  | (Required<Pick<ScheduledRun, 'error'>> & { readonly state: 'failed' });

/** Its id has the time that was meant: of one that is run for again the newest execution is looked at. */
async function endOf(client: Client, workflowId: string): Promise<Ended> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    const { status } = await handle.describe();
    if (status.name === 'RUNNING') return { state: 'running' };
    await handle.result();
    return { state: 'done' };
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
