import { proxyActivities, type ActivityInterfaceFor } from '@temporalio/workflow';

import type { BaselineActivities } from '../contracts/baseline.js';
import type { ExperimentActivities } from '../contracts/experiment-protocol.js';
import type { GateActivities } from '../contracts/gate-protocol.js';
import { taskQueues } from '../core/experiment/naming.js';

type All = BaselineActivities &
  GateActivities &
  Pick<ExperimentActivities, 'publish' | 'deleteSuperseded'>;
type Proxy<Name extends keyof All> = ActivityInterfaceFor<Pick<All, Name>>;

/** The activities of gates and baselines by the role that runs them. */
export interface RegressionProxies {
  /** Steps over the store. */
  readonly control: Proxy<
    | 'admitGate'
    | 'decideGate'
    | 'finishGate'
    | 'lookAtRun'
    | 'lookAtHead'
    | 'saveBaseline'
    | 'promoteBaseline'
    | 'deleteBaseline'
    | 'renewBaseline'
  >;
  /** What waits for runs' workflows, or for the platform. */
  readonly outside: Proxy<
    'submitRun' | 'stopHead' | 'startRenewal' | 'publish' | 'deleteSuperseded' | 'verifyVerdict'
  >;
}

// As those of experiments: lost workers and our own stores are Temporal's to retry, for as long as it takes.
const untilItWorks = {
  initialInterval: '500 ms',
  backoffCoefficient: 2,
  maximumInterval: '20 s',
} as const;

/** The activities of a project's gates and baselines, each on the queue of its role. */
export function regressionActivities(project: string): RegressionProxies {
  const queues = taskQueues(project);
  const options = {
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: '30 s',
    retry: untilItWorks,
  } as const;
  return {
    control: proxyActivities({ taskQueue: queues.orchestration, ...options }),
    outside: proxyActivities({
      taskQueue: queues.publishing,
      ...options,
      heartbeatTimeout: '10 s',
    }),
  };
}
