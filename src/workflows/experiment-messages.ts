import { defineQuery, defineUpdate } from '@temporalio/workflow';

import type {
  BudgetRequest,
  CancelRequest,
  ConcurrencyRequest,
  ExperimentProgress,
  PauseRequest,
  StopRequest,
  SubmitReply,
  SubmitRequest,
} from '../contracts/experiment-protocol.js';
import type { PassRequest, ReopenReply } from '../contracts/pass.js';
import {
  budgetUpdate,
  cancelUpdate,
  concurrencyUpdate,
  pauseUpdate,
  progressQuery,
  reopenUpdate,
  resumeUpdate,
  stopUpdate,
  submitUpdate,
} from '../core/experiment/naming.js';

/** Starts the run, or says what stands in the way. */
export const submit = defineUpdate<SubmitReply, [SubmitRequest]>(submitUpdate);
/** Opens a pass over a run that has ended, or says what stands in the way. */
export const reopen = defineUpdate<ReopenReply, [PassRequest]>(reopenUpdate);
/** What is pending is recorded as skipped. Cells in flight finish, or are aborted where it must be now. */
export const cancel = defineUpdate<undefined, [CancelRequest]>(cancelUpdate);
/** Nothing new starts until `resume`; cells in flight finish. */
export const pause = defineUpdate<undefined, [PauseRequest]>(pauseUpdate);
export const resume = defineUpdate<undefined>(resumeUpdate);
/** How many cells may be in flight from now on. */
export const concurrency = defineUpdate<undefined, [ConcurrencyRequest]>(concurrencyUpdate);
/** What the run may cost in all; a run that waits for it goes on. */
export const budget = defineUpdate<undefined, [BudgetRequest]>(budgetUpdate);
/** Its gate is settled: what is pending is recorded as skipped, cells in flight finish, and the run ends well. */
export const stop = defineUpdate<undefined, [StopRequest]>(stopUpdate);
export const progress = defineQuery<ExperimentProgress>(progressQuery);
