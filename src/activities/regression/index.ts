import type { BaselineActivities } from '../../contracts/baseline.js';
import type { GateActivities } from '../../contracts/gate-protocol.js';
import { finishGate, getGate } from '../../store/gates.js';
import { withFailures } from '../failures.js';
import { withHeartbeat } from '../heartbeat.js';
import { createAdmitGate } from './admit-gate.js';
import { createBaselines } from './baselines.js';
import { createCheckScheduled } from './check-scheduled.js';
import { createDecideGate } from './decide-gate.js';
import { createLookAtHead } from './look-at-head.js';
import { outcomeOf } from './gate-outcome.js';
import type { RegressionPorts } from './ports.js';
import { createStartRenewal } from './renewal.js';
import { createVerifyVerdict } from './verify-verdict.js';

/** The activities of gates and baselines, by the queue of their role. */
export interface RegressionActivitySets {
  readonly orchestration: Omit<BaselineActivities, 'startRenewal'> &
    Pick<
      GateActivities,
      'admitGate' | 'checkScheduled' | 'lookAtHead' | 'decideGate' | 'finishGate'
    >;
  /**
   * Submissions and re-judgements wait for an activity of the orchestration's queue: on that queue themselves, two dozen of them would wait for
   * each other for ever.
   */
  readonly publishing: Pick<BaselineActivities, 'startRenewal'> &
    Pick<GateActivities, 'submitRun' | 'stopHead' | 'verifyVerdict'>;
}

/** Makes the activities over their ports. */
export function createRegressionActivities(ports: RegressionPorts): RegressionActivitySets {
  return {
    orchestration: withFailures({
      ...createBaselines(ports),
      admitGate: createAdmitGate(ports),
      checkScheduled: createCheckScheduled(ports),
      lookAtHead: createLookAtHead(ports),
      decideGate: createDecideGate(ports),
      finishGate: async ({ gateId, error }) => {
        await finishGate(ports.store, gateId, error);
        return outcomeOf(await getGate(ports.store, gateId));
      },
    }),
    publishing: withFailures({
      startRenewal: createStartRenewal(ports),
      submitRun: ({ spec }) => withHeartbeat(() => ports.runs.submit(spec)),
      stopHead: ({ gateId: gate, settled: early, ...run }) =>
        withHeartbeat(() => ports.runs.stop(run, { gate, early })),
      verifyVerdict: createVerifyVerdict(ports),
    }),
  };
}
