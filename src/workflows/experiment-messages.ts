import { defineQuery, defineUpdate } from '@temporalio/workflow';

import type {
  ExperimentProgress,
  SubmitReply,
  SubmitRequest,
} from '../contracts/experiment-protocol.js';
import { cancelUpdate, progressQuery, submitUpdate } from '../core/experiment/naming.js';

/** Starts the run, or says what stands in the way. */
export const submit = defineUpdate<SubmitReply, [SubmitRequest]>(submitUpdate);
/** Cells in flight finish; what is pending is recorded as skipped. */
export const cancel = defineUpdate(cancelUpdate);
export const progress = defineQuery<ExperimentProgress>(progressQuery);
