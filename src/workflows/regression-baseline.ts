import { continueAsNew, setCurrentDetails } from '@temporalio/workflow';

import type { BaselineReply, BaselineRequest } from '../contracts/baseline.js';
import { gateStory } from '../core/gate/story.js';
import { regressionActivities } from './regression-activities.js';
import { untilEnded } from './regression-runs.js';

/** One thing that is done to a baseline; of each baseline one at a time. */
export async function baseline(request: BaselineRequest): Promise<BaselineReply> {
  const call = regressionActivities(request.project);
  switch (request.kind) {
    case 'save':
      return call.control.saveBaseline(request);
    case 'promote':
      return call.control.promoteBaseline(request);
    case 'delete':
      return call.control.deleteBaseline(request);
    case 'rejudge': {
      const start = await call.outside.startRenewal(request);
      if (start.state === 'rejected') return { outcome: 'rejected', error: start.error };
      if (start.state === 'judging') {
        setCurrentDetails(
          gateStory({ name: request.name, step: 'running', detail: 're-judgement of its run' }),
        );
        const { experimentId } = start;
        const summary = 'until the outputs are judged';
        // The same request attaches to the re-judgement that goes on.
        if (!(await untilEnded(experimentId, { call, summary }))) {
          return continueAsNew<typeof baseline>(request);
        }
      }
      return call.control.renewBaseline(request);
    }
  }
}
