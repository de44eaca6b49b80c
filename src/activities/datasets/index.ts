import type { DatasetActivities } from '../../contracts/dataset-push.js';
import { withFailures } from '../failures.js';
import { createCheckPush } from './check-push.js';
import type { DatasetPorts } from './ports.js';
import { createGivePushUp, createPushSlice } from './push-slice.js';

/** The activities of datasets, by the role of the worker that runs them. */
export function createDatasetActivities(ports: DatasetPorts): {
  readonly orchestration: Pick<DatasetActivities, 'checkPush'>;
  readonly publishing: Pick<DatasetActivities, 'pushSlice' | 'givePushUp'>;
} {
  return {
    orchestration: withFailures({ checkPush: createCheckPush(ports) }),
    publishing: withFailures({
      pushSlice: createPushSlice(ports),
      givePushUp: createGivePushUp(ports),
    }),
  };
}
