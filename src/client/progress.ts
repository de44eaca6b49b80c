import { setTimeout as wait } from 'node:timers/promises';

import type { WorkflowExecutionDescription } from '@temporalio/client';

import type { ExperimentProgress } from '../contracts/experiment-protocol.js';
import { experimentWorkflowId, isFinalStatus, progressQuery } from '../core/experiment/naming.js';
import type { ExperimentRecord } from '../store/experiments.js';
import type { Transport } from './transport.js';

/** What runs wait for, as their workflows tell it. */
export interface Waits {
  /** Undefined where the run waits for nothing, has ended, or nobody answers: a look at a run never fails for that. */
  of(run: Pick<ExperimentRecord, 'project' | 'name' | 'status'>): Promise<string | undefined>;
}

/** A look must not take longer where Temporal is away, or its workers are. */
const patienceMs = 1_500;
/** People who watch look every second; the workflow need not be woken for each. */
const freshMs = 2_000;
/** After nobody answered. */
const silentMs = 15_000;

/** Makes the reader; answers are kept for two seconds. */
export function createWaits(transport: Pick<Transport, 'temporal'>): Waits {
  const known = new Map<string, { readonly until: number; readonly answer: string | undefined }>();
  const ask = async (
    workflowId: string,
    status: ExperimentRecord['status'],
  ): Promise<{ waitingFor: string | undefined }> => {
    const client = await transport.temporal();
    const handle = client.workflow.getHandle(workflowId);
    return client.withDeadline(Date.now() + patienceMs, async () => {
      // The plan is one step, tried again by Temporal while a platform is away: only Temporal knows why.
      if (status === 'planning') return { waitingFor: failureOfPlan(await handle.describe()) };
      const { waitingFor } = await handle.query<ExperimentProgress>(progressQuery);
      return { waitingFor };
    });
  };
  return {
    async of({ project, name, status }) {
      if (isFinalStatus(status)) return undefined;
      const workflowId = experimentWorkflowId(project, name);
      const now = performance.now();
      const last = known.get(workflowId);
      if (last !== undefined && now < last.until) return last.answer;
      // Connecting has a patience of its own, which is longer.
      const late = new AbortController();
      const answer = await Promise.race([
        ask(workflowId, status).catch(() => undefined),
        wait(patienceMs, undefined, { signal: late.signal }).catch(() => undefined),
      ]);
      late.abort();
      const keepMs = answer === undefined ? silentMs : freshMs;
      known.clear();
      known.set(workflowId, { until: performance.now() + keepMs, answer: answer?.waitingFor });
      return answer?.waitingFor;
    },
  };
}

/** What the last try of the plan failed with. */
const failureOfPlan = ({ raw }: WorkflowExecutionDescription): string | undefined =>
  raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'planExperiment')
    ?.lastFailure?.message ?? undefined;
