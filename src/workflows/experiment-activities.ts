import {
  ActivityCancellationType,
  proxyActivities,
  type ActivityInterfaceFor,
} from '@temporalio/workflow';

import type { ExperimentActivities } from '../contracts/experiment-protocol.js';
import { taskQueues } from '../core/experiment/naming.js';

type Proxy<Name extends keyof ExperimentActivities> = ActivityInterfaceFor<
  Pick<ExperimentActivities, Name>
>;

/** The activities by the role that runs them. */
export interface ExperimentProxies {
  /** Short steps over the store and the platform. */
  readonly control: Proxy<
    | 'admitExperiment'
    | 'planExperiment'
    | 'recordCommand'
    | 'reopenExperiment'
    | 'explainFailures'
    | 'closeCells'
    | 'finishExperiment'
  >;
  /** Batches of cells. On cancel a batch starts nothing more, lets paid calls finish and returns. */
  readonly cells: Proxy<'runCells'>;
  /** The publisher and the reader of a platform. */
  readonly publishing: Proxy<
    'publish' | 'verifyPublication' | 'deleteSuperseded' | 'repairPublication'
  >;
}

// Lost workers and our own stores are Temporal's to retry, for as long as it takes: a database that is away for
// hours must not end a run. Everything else has another owner, or is final by its type.
const untilItWorks = {
  initialInterval: '500 ms',
  backoffCoefficient: 2,
  maximumInterval: '20 s',
} as const;

/** The activities of a project's experiments, each on the queue of its role. */
export function experimentActivities(project: string): ExperimentProxies {
  const queues = taskQueues(project);
  const long = {
    startToCloseTimeout: '24 hours',
    heartbeatTimeout: '10 s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: untilItWorks,
  } as const;
  return {
    control: proxyActivities({
      taskQueue: queues.orchestration,
      startToCloseTimeout: '6 hours',
      heartbeatTimeout: '30 s',
      // A plan that is cancelled has stopped writing cells before they are closed.
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: untilItWorks,
    }),
    cells: proxyActivities({ taskQueue: queues.cells, ...long }),
    publishing: proxyActivities({ taskQueue: queues.publishing, ...long }),
  };
}
