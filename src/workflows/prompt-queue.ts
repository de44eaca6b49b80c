import {
  allHandlersFinished,
  condition,
  defineQuery,
  defineUpdate,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';

import type {
  ChosenPlatforms,
  ChoosePromptPlatforms,
  MovedPrompt,
  PromptActivities,
  PromptCommand,
  PromptQueueInput,
  PromptQueueProgress,
  PushedPrompt,
} from '../contracts/prompt-protocol.js';
import {
  promptCommandUpdate,
  promptQueueProgressQuery,
  taskQueues,
} from '../core/experiment/naming.js';
import { promptQueueStory, type ToldCommand } from '../core/prompts/queue-story.js';
import { failureDocument } from './failure-document.js';
import { refusal } from './refusal.js';
import { showStatus } from './status.js';

const command = defineUpdate<PushedPrompt | MovedPrompt, [PromptCommand]>(promptCommandUpdate);
const progress = defineQuery<PromptQueueProgress>(promptQueueProgressQuery);

/** Somebody waits for the answer, and the next command behind it: an outage of hours is told, not sat out. */
const patienceMs = 120_000;
const longestPauseMs = 10_000;
/** Long outages of many commands must not fill the page of people. */
const mostTold = 20;

/**
 * Carries out what is asked of one prompt on one platform, in the order in which it was asked. A queue for each of the two: what
 * one platform waits for is nothing to the other. It ends when nothing is left.
 *
 * Commands that follow one another without a pause would make one history of any length: some 11 events each, and twice their
 * prompt of up to 256 KiB. Temporal takes 2,000 updates, 51,200 events or 50 MB of one (100 large prompts) and then ends the
 * workflow with what waits in it. So a queue takes no more once Temporal suggests another history (4,096 events or 4 MB by default),
 * and ends with what it has; the next command begins the next queue. Nothing has to be carried over. No patch is needed: what is
 * refused leaves no event, and what is replayed was taken.
 */
export async function promptQueue(input: PromptQueueInput): Promise<{ readonly failed: number }> {
  const told: (ToldCommand & { state: string })[] = [];
  let waiting: string | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const show = (): void => {
    const { name, platform } = input;
    setCurrentDetails(promptQueueStory({ name, platform, waiting, commands: told }));
  };
  const wait = (reason: string | undefined): void => {
    waiting = reason;
    show();
  };
  let failed = 0;
  let taken = 0;
  setHandler(progress, () => (waiting === undefined ? {} : { waiting }));
  const take = (asked: PromptCommand): Promise<PushedPrompt | MovedPrompt> => {
    taken += 1;
    const line = { what: whatOf(asked), by: asked.request.actor, state: 'waits for its turn' };
    told.push(line);
    if (told.length > mostTold) told.shift();
    const mine = turn.then(async () => {
      line.state = 'under way';
      show();
      const outcome = await carryOut(asked, { ...input, wait });
      line.state = outcome.outcome === 'failed' ? outcome.error.message : outcome.outcome;
      if (outcome.outcome === 'failed') failed += 1;
      wait(undefined);
      return outcome;
    });
    turn = mine.catch(() => undefined);
    return mine;
  };
  setHandler(command, take, { validator: refuseWhenLong });
  await condition(() => taken > 0 && allHandlersFinished());
  showStatus(failed > 0 ? 'failed' : 'completed');
  return { failed };
}

function refuseWhenLong({ request }: PromptCommand): void {
  if (!workflowInfo().continueAsNewSuggested) return;
  throw refusal('PROMPT_BUSY', `The queue of "${request.name}" is long: the next one takes it.`);
}

const whatOf = ({ kind, request }: PromptCommand): string =>
  kind === 'push' ? 'push' : `${request.kind} ${request.label}`;

async function carryOut(
  asked: PromptCommand,
  on: PromptQueueInput & { readonly wait: (reason: string | undefined) => void },
): Promise<PushedPrompt | MovedPrompt> {
  const { project, platform, wait } = on;
  const call = activitiesOf(project);
  const until = Date.now() + patienceMs;
  for (let pauseMs = 1_000; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      const { key } = asked;
      return asked.kind === 'push'
        ? await call.pushPrompt({ request: asked.request, platform, key })
        : await call.movePromptLabel({ request: asked.request, platform, key });
    } catch (error) {
      const document = failureDocument(error);
      const left = until - Date.now();
      const needed = document.retryAfterMs ?? 0;
      if (document.code !== 'PLATFORM_UNREACHABLE' || left <= needed) {
        return { platform, outcome: 'failed', error: document };
      }
      wait(document.message);
      await sleep(Math.min(Math.max(pauseMs, needed), left), { summary: `${platform} is away` });
    }
  }
}

const activitiesOf = (project: string): PromptActivities =>
  proxyActivities<PromptActivities>({
    taskQueue: taskQueues(project).publishing,
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: '2 minutes',
    heartbeatTimeout: '10 s',
    retry: {
      initialInterval: '500 ms',
      backoffCoefficient: 2,
      maximumInterval: '10 s',
      // The first is waited for here, where people see it; the keys are missing until somebody sets them.
      nonRetryableErrorTypes: ['PLATFORM_UNREACHABLE', 'PLATFORM_NOT_CONFIGURED'],
    },
  });

/** Which platforms a command goes to, by the config and the keys of a worker: asked once, before anything is done on any of them. */
export async function promptPlatforms(request: ChoosePromptPlatforms): Promise<ChosenPlatforms> {
  const { project, ...asked } = request;
  try {
    const chosen = await activitiesOf(project).choosePlatforms(asked);
    showStatus('completed');
    return chosen;
  } catch (error) {
    const document = failureDocument(error);
    setCurrentDetails(document.message);
    showStatus('failed');
    return { error: document };
  }
}
