import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';

import type { GateOutcome, RegressionInput } from '../contracts/gate-protocol.js';
import type { ScheduledInput } from '../contracts/schedule.js';
import { scheduledName } from '../core/schedule/scheduled-name.js';
import { regression } from './regression.js';

/** Set by the server: the time that a schedule meant, also where it is caught up or filled in later. */
const scheduledStartTime = defineSearchAttributeKey(
  'TemporalScheduledStartTime',
  SearchAttributeType.DATETIME,
);

/**
 * What a schedule runs: a gate that is named after its time, so that the same time twice is the same gate.
 *
 * @param input what the schedule says, or what an execution before this one had admitted.
 */
export async function scheduled(input: ScheduledInput | RegressionInput): Promise<GateOutcome> {
  const outcome = await regression('request' in input ? input : gateOf(input));
  if (outcome.outcome === 'decided') return outcome;
  // Nobody reads the results of workflows at night: the schedule and the UI show that this one failed.
  const { error } = outcome;
  throw ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: true,
    details: [error],
  });
}

function gateOf({ project, job, work }: ScheduledInput): RegressionInput {
  const { typedSearchAttributes, startTime } = workflowInfo();
  const at = typedSearchAttributes.get(scheduledStartTime) ?? startTime;
  const name = scheduledName(job, at);
  const { head, base, settings } = work;
  return {
    request: {
      project,
      name,
      head: { kind: 'start', spec: { ...head, project, name } },
      base,
      settings,
      publish: true,
    },
  };
}
