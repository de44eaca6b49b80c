import {
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowUpdateFailedError,
  type Client,
  type WorkflowUpdateHandle,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import type {
  ChosenPlatforms,
  ChoosePromptPlatforms,
  MovedPrompt,
  PromptCommand,
  PromptQueueInput,
  PromptQueueProgress,
  PromptReply,
  PushedPrompt,
  WorkerPlatforms,
} from '../contracts/prompt-protocol.js';
import { orAborted } from '../core/async/or-aborted.js';
import { AssayError } from '../core/errors/assay-error.js';
import {
  promptCommandUpdate,
  promptPlatformsWorkflowId,
  promptPlatformsWorkflowType,
  promptQueueProgressQuery,
  promptQueueWorkflowId,
  promptQueueWorkflowType,
  taskQueues,
} from '../core/experiment/naming.js';
import { attributesOf } from './search-attributes.js';
import { isEndingExecution } from './submit.js';
import { temporalUnreachable } from './temporal-failures.js';
import { requireWorker } from './worker-presence.js';

type Outcome = PushedPrompt | MovedPrompt;
type Queue = (input: PromptQueueInput) => Promise<unknown>;

/** What is seen of a command while it goes on, of each platform by itself. */
export type PromptProgress<Reply = Outcome> =
  | { readonly platform: string; readonly state: 'waiting'; readonly reason: string }
  | { readonly platform: string; readonly state: 'ended'; readonly outcome: Reply };

export interface PromptCommandOptions<Reply = Outcome> {
  /** The platforms, as `Prompts.platforms` says them; default: it is asked. */
  readonly platforms?: readonly string[];
  /** Told whenever a platform is waited for with another reason, and of each that has ended. */
  readonly onProgress?: (progress: PromptProgress<Reply>) => void;
  /** Ends the waiting; what was taken on goes on. */
  readonly signal?: AbortSignal;
}

/** How often a command that met a queue in its last moment is sent again. */
const tries = 5;
const lookEveryMs = 1_000;
/** How long a queue that takes no more may go on with what it has. */
const longQueueMs = 30_000;

/** @throws AssayError PLATFORM_NOT_CONFIGURED, WORKER_MISSING, TEMPORAL_UNREACHABLE, TEMPORAL_REFUSED */
export async function choosePromptPlatforms(
  client: Client,
  request: ChoosePromptPlatforms,
): Promise<WorkerPlatforms> {
  const { project } = request;
  const taskQueue = taskQueues(project).orchestration;
  let chosen: ChosenPlatforms;
  try {
    await requireWorker(client, taskQueue);
    chosen = (await client.workflow.execute(promptPlatformsWorkflowType, {
      workflowId: promptPlatformsWorkflowId(project, randomUUID()),
      taskQueue,
      args: [request],
      staticSummary: 'look at the keys for platforms',
      typedSearchAttributes: attributesOf(project, 'prompt'),
    })) as ChosenPlatforms;
  } catch (error) {
    throw temporalUnreachable(error);
  }
  if ('error' in chosen) throw AssayError.from(chosen.error);
  return chosen;
}

/**
 * Has a worker carry out a command on a prompt, durably. Of each prompt one thing is done at a time on each platform, in the whole
 * fleet; what one platform waits for is nothing to the other.
 *
 * @throws AssayError PLATFORM_NOT_CONFIGURED, WORKER_MISSING, TEMPORAL_UNREACHABLE, TEMPORAL_REFUSED
 */
export async function runPromptCommand<Reply extends Outcome>(
  client: Client,
  command: Omit<PromptCommand, 'key'>,
  options: PromptCommandOptions<Reply>,
): Promise<PromptReply<Reply>> {
  const { project, name, backend } = command.request;
  const chosen = { project, ...(backend === undefined ? {} : { backend }) };
  const platforms = options.platforms ?? (await choosePromptPlatforms(client, chosen)).platforms;
  const key = randomUUID();
  const outcomes = await Promise.all(
    platforms.map(async (platform) => {
      const queue = { project, name, platform };
      const asked = { ...command, key: `${project}/${name}/${key}/${platform}` } as PromptCommand;
      const outcome = (await onPlatform(client, { queue, asked, options })) as Reply;
      options.onProgress?.({ platform, state: 'ended', outcome });
      return outcome;
    }),
  );
  return { name, platforms: outcomes };
}

interface OnQueue<Reply extends Outcome> {
  readonly queue: PromptQueueInput;
  readonly asked: PromptCommand;
  readonly options: PromptCommandOptions<Reply>;
}

async function onPlatform<Reply extends Outcome>(
  client: Client,
  on: OnQueue<Reply>,
): Promise<Outcome> {
  const { queue, options } = on;
  const { signal } = options;
  const until = performance.now() + longQueueMs;
  for (let pauseMs = 200; ; pauseMs = Math.min(2 * pauseMs, lookEveryMs)) {
    try {
      return await inQueue(client, on);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      if (!isRefused(error)) throw temporalUnreachable(error);
      if (performance.now() >= until) throw renewed(error, queue.name);
      await wait(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
      signal?.throwIfAborted();
    }
  }
}

/** Whether a queue whose history is long took the command no more: its successor does. */
const isRefused = (error: unknown): boolean =>
  error instanceof WorkflowUpdateFailedError &&
  error.cause instanceof ApplicationFailure &&
  error.cause.type === 'PROMPT_BUSY';

async function inQueue<Reply extends Outcome>(
  client: Client,
  { queue, asked, options }: OnQueue<Reply>,
): Promise<Outcome> {
  const { signal } = options;
  const update = await enqueue(client, queue, asked);
  const ended = new AbortController();
  const result = update.result();
  const told = tellWaits(client, { queue, options, ended: ended.signal });
  try {
    return await (signal === undefined ? result : orAborted(result, signal));
  } finally {
    ended.abort();
    await told;
  }
}

async function enqueue(
  client: Client,
  queue: PromptQueueInput,
  asked: PromptCommand,
): Promise<WorkflowUpdateHandle<Outcome>> {
  const { project, name, platform } = queue;
  for (let attempt = 1; ; attempt += 1) {
    const start = new WithStartWorkflowOperation<Queue>(promptQueueWorkflowType, {
      workflowId: promptQueueWorkflowId(project, platform, name),
      taskQueue: taskQueues(project).orchestration,
      args: [queue],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      staticSummary: `a prompt on ${platform}`,
      typedSearchAttributes: attributesOf(project, 'prompt'),
    });
    try {
      return await client.workflow.startUpdateWithStart<Queue, Outcome, [PromptCommand]>(
        promptCommandUpdate,
        {
          args: [asked],
          // A repetition of this call is the same command.
          updateId: asked.key,
          waitForStage: 'ACCEPTED',
          startWorkflowOperation: start,
        },
      );
    } catch (error) {
      // A queue that ends at this very moment takes no more commands; the next one starts with this one.
      if (attempt >= tries || !isEndingExecution(error)) throw busyOr(error, name);
      await wait(200 * attempt);
    }
  }
}

/** Temporal lets ten commands wait in one queue. */
function busyOr(error: unknown, name: string): unknown {
  const { cause } = error as { readonly cause?: { readonly code?: unknown } };
  const resourceExhausted = 8;
  return cause?.code === resourceExhausted ? busy(error, name) : error;
}

const busy = (cause: unknown, name: string): AssayError =>
  new AssayError('PROMPT_BUSY', `Too many commands on the prompt "${name}" wait already.`, {
    mend: 'Give the command again when they have ended.',
    cause,
  });

/** A queue whose history is long takes no more commands until those that it has are through. */
const renewed = (cause: unknown, name: string): AssayError =>
  new AssayError(
    'PROMPT_BUSY',
    `The queue of the prompt "${name}" is renewed, and a command before it still waits for the platform.`,
    { mend: 'Give the command again when that one has ended.', cause },
  );

/** Tells what the platform is waited for with, until the command has ended. */
async function tellWaits<Reply extends Outcome>(
  client: Client,
  of: Pick<OnQueue<Reply>, 'queue' | 'options'> & { readonly ended: AbortSignal },
): Promise<void> {
  const { queue, options, ended } = of;
  const { onProgress } = options;
  if (onProgress === undefined) return;
  const { project, platform, name } = queue;
  const handle = client.workflow.getHandle(promptQueueWorkflowId(project, platform, name));
  const hasEnded = (): boolean => ended.aborted;
  let told: string | undefined;
  for (;;) {
    await wait(lookEveryMs, undefined, { signal: ended }).catch(() => undefined);
    if (hasEnded()) return;
    // A server that does not answer the question is told by the command itself.
    const seen = await handle
      .query<PromptQueueProgress>(promptQueueProgressQuery)
      .catch(() => undefined);
    if (hasEnded()) return;
    const reason = seen?.waiting;
    if (reason !== undefined && reason !== told) onProgress({ platform, state: 'waiting', reason });
    told = reason ?? told;
  }
}
