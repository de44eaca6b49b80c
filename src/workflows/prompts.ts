import { proxyActivities, setCurrentDetails, workflowInfo } from '@temporalio/workflow';

import type { Backend } from '../contracts/backend.js';
import type {
  MovedPrompt,
  MovePromptLabel,
  OnPlatform,
  PromptActivities,
  PromptReply,
  PushedPrompt,
  PushPrompt,
} from '../contracts/prompt-protocol.js';
import { taskQueues } from '../core/experiment/naming.js';
import { failureDocument } from './failure-document.js';

/** As clients of earlier builds ask for it: both platforms in one workflow. */
export async function syncPrompt(request: PushPrompt): Promise<PromptReply<PushedPrompt>> {
  const call = promptActivities(request.project);
  return onEach(request, call, (on) => call.pushPrompt(on));
}

/** The same of a label that is moved. */
export async function movePromptLabel(request: MovePromptLabel): Promise<PromptReply<MovedPrompt>> {
  const call = promptActivities(request.project);
  return onEach(request, call, (on) => call.movePromptLabel(on));
}

function promptActivities(project: string) {
  return proxyActivities<PromptActivities>({
    taskQueue: taskQueues(project).publishing,
    startToCloseTimeout: '1 minute',
    // Somebody waits for the answer, and the next command on this prompt behind it: an outage of hours is told, not sat out.
    scheduleToCloseTimeout: '2 minutes',
    heartbeatTimeout: '10 s',
    retry: {
      initialInterval: '500 ms',
      backoffCoefficient: 2,
      maximumInterval: '10 s',
      nonRetryableErrorTypes: ['PLATFORM_NOT_CONFIGURED'],
    },
  });
}

async function onEach<
  Request extends { readonly name: string; readonly backend?: Backend | undefined },
  Outcome extends { readonly platform: string; readonly outcome: string },
>(
  request: Request,
  call: Pick<PromptActivities, 'choosePlatforms'>,
  work: (on: OnPlatform<Request>) => Promise<Outcome>,
): Promise<PromptReply<Outcome>> {
  const { name, backend } = request;
  const failed = (platform: string, error: unknown): Outcome =>
    ({ platform, outcome: 'failed', error: failureDocument(error) }) as unknown as Outcome;
  let platforms: readonly string[];
  try {
    ({ platforms } = await call.choosePlatforms(backend === undefined ? {} : { backend }));
  } catch (error) {
    return { name, platforms: [failed(backend ?? 'platform', error)] };
  }
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const outcomes = await Promise.all(
    platforms.map(async (platform) => {
      try {
        const key = `${workflowId}/${firstExecutionRunId}/${platform}`;
        return await work({ request, platform, key });
      } catch (error) {
        return failed(platform, error);
      }
    }),
  );
  setCurrentDetails(
    outcomes.map(({ platform, outcome }) => `- ${platform}: ${outcome}`).join('\n'),
  );
  return { name, platforms: outcomes };
}
