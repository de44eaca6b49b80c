import type { ExperimentActivities } from '../../contracts/experiment-protocol.js';
import { withFailures } from '../failures.js';
import { createAdmit } from './admit.js';
import { createClose } from './close.js';
import { createEstimate } from './estimate.js';
import { createExplainFailures } from './failure-limit.js';
import { createDeleteSuperseded } from './delete-superseded.js';
import { createFinish } from './finish.js';
import { createPlan } from './plan.js';
import type { ExperimentPorts } from './ports.js';
import { createPublish } from './publish.js';
import { createReopen } from './reopen.js';
import { createRepair } from './repair.js';
import { createRunCells } from './run-cells.js';
import { createRecordCommand } from './record-command.js';
import { createVerify } from './verify.js';

/** The activities of experiments, by the queue of their role. */
export interface ExperimentActivitySets {
  readonly orchestration: Pick<
    ExperimentActivities,
    | 'admitExperiment'
    | 'estimateExperiment'
    | 'planExperiment'
    | 'recordCommand'
    | 'reopenExperiment'
    | 'explainFailures'
    | 'closeCells'
    | 'finishExperiment'
  >;
  readonly cells: Pick<ExperimentActivities, 'runCells'>;
  readonly publishing: Pick<
    ExperimentActivities,
    'publish' | 'verifyPublication' | 'deleteSuperseded' | 'repairPublication'
  >;
}

/** Makes the activities over their ports. */
export function createExperimentActivities(ports: ExperimentPorts): ExperimentActivitySets {
  return {
    orchestration: withFailures({
      admitExperiment: createAdmit(ports),
      estimateExperiment: createEstimate(ports),
      planExperiment: createPlan(ports),
      recordCommand: createRecordCommand(ports),
      reopenExperiment: createReopen(ports),
      explainFailures: createExplainFailures(ports),
      closeCells: createClose(ports),
      finishExperiment: createFinish(ports),
    }),
    cells: withFailures({ runCells: createRunCells(ports) }),
    publishing: withFailures({
      publish: createPublish(ports),
      verifyPublication: createVerify(ports),
      deleteSuperseded: createDeleteSuperseded(ports),
      repairPublication: createRepair(ports),
    }),
  };
}
