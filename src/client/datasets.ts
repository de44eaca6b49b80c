import { CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { WorkflowFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { setTimeout as wait } from 'node:timers/promises';

import { schemaProblems } from '../contracts/schema-problems.js';
import type { Backend, PlatformName } from '../contracts/backend.js';
import {
  datasetPushSchema,
  type CheckedDataset,
  type DatasetPushInput,
  type DatasetPushRequest,
  type ShownPush,
  type PlatformPush,
  type PushReply,
} from '../contracts/dataset-push.js';
import { plainFieldKeys } from '../core/dataset/item-fields.js';
import { AssayError } from '../core/errors/assay-error.js';
import {
  datasetPushWorkflowId,
  datasetPushWorkflowType,
  pushProgressQuery,
  taskQueues,
} from '../core/experiment/naming.js';
import type { DatasetSummary, PlatformItem } from '../platforms/dataset-port.js';
import type { Platform } from '../platforms/port.js';
import { lastPushes, pushesOf, type PushRecord } from '../store/datasets/pushes.js';
import { refuseOtherPush } from './running-push.js';
import { attributesOf } from './search-attributes.js';
import { refuseFutureVersion } from './experiment-requests.js';
import { platformNamed, platformsOf } from './platforms.js';
import { temporalUnreachable } from './temporal-failures.js';
import type { Transport } from './transport.js';
import { requireWorker } from './worker-presence.js';

export type { PlatformPush } from '../contracts/dataset-push.js';
export type { DatasetSummary, PlatformItem } from '../platforms/dataset-port.js';
export type { PushRecord } from '../store/datasets/pushes.js';

/** What a push came to: `platforms` says of each whether it `done` or `failed`, and why. */
export interface PushedDataset {
  readonly checked: CheckedDataset;
  readonly platforms: readonly PlatformPush[];
}

export interface PushOptions {
  /** Told about twice a second while it goes on. */
  readonly onProgress?: (platforms: readonly PushRecord[]) => void;
  /** Ends the waiting; the push goes on. */
  readonly signal?: AbortSignal;
}

/** Of one platform. */
export interface PlatformChoice {
  /** Default: the first whose keys are set here. */
  readonly platform?: PlatformName;
  readonly signal?: AbortSignal;
}

/** Datasets of the project's folder and of the platforms. */
export interface Datasets {
  /** The platforms of a backend; default the first whose keys are set here. @throws AssayError PLATFORM_NOT_CONFIGURED */
  platforms(backend?: Backend): readonly PlatformName[];
  /**
   * Brings a dataset of the worker's folder to its platforms, durably: it goes on whatever becomes of the caller, and the same
   * request again waits for the same work. Items that stand there already are not written.
   *
   * @throws AssayError DATASET_NOT_FOUND, DATASET_INVALID with every problem by its line, DATASET_SCHEMA_INVALID, JSON_INVALID,
   *   DATASET_CHANGED, DATASET_PUSH_RUNNING, PLATFORM_NOT_CONFIGURED (nothing was written); WORKER_MISSING, TEMPORAL_UNREACHABLE
   */
  push(request: DatasetPushInput, options?: PushOptions): Promise<PushedDataset>;
  /** The pushes of a dataset that ended well, newest first: their `lastChange` is the version from which on it stands so. */
  pushes(of: {
    readonly project: string;
    readonly dataset: string;
    /** Default 10. */
    readonly limit?: number;
  }): Promise<readonly PushRecord[]>;
  /** The datasets of a platform, page by page. @throws AssayError PLATFORM_* */
  list(choice?: PlatformChoice): AsyncIterable<readonly DatasetSummary[]>;
  /** One of them, with how many items it has at `version`. @throws AssayError DATASET_NOT_FOUND, PLATFORM_* */
  get(
    of: PlatformChoice & { readonly dataset: string; readonly version?: string },
  ): Promise<DatasetSummary & { readonly platform: PlatformName; readonly url: string }>;
  /** How many items it has, in one request; undefined where the platform cannot be asked that. */
  count(
    of: PlatformChoice & { readonly dataset: string; readonly version?: string },
  ): Promise<number | undefined>;
  /** Its items that are not archived, page by page, as they stood at `version` (ISO 8601; default now). */
  items(
    of: PlatformChoice & { readonly dataset: string; readonly version?: string },
  ): AsyncIterable<readonly PlatformItem[]>;
  /** How the platform compares its items with those of files, and how large one of them may be. */
  comparison(choice?: PlatformChoice): DatasetComparison;
}

/** What decides whether an item of a file and one of a platform are the same, and equal. */
export type DatasetComparison = Pick<
  Platform['datasets'],
  'platformId' | 'fieldKeys' | 'largestItem'
> & {
  readonly platform: PlatformName;
};

const lookEveryMs = 500;
/** Temporal may be exchanged meanwhile. */
const mostSilenceMs = 60_000;

export function createDatasets(transport: Transport): Datasets {
  const patience = (signal: AbortSignal | undefined): AbortSignal =>
    signal ?? AbortSignal.timeout(30 * 60_000);
  return {
    platforms: (backend) => platformsOf(transport, backend).map(({ name }) => name as PlatformName),
    async push(input, options = {}) {
      const request = parseRequest(input);
      const client = await transport.temporal();
      const { handle, pushId } = await startPush(client, request);
      const reply = await follow(handle, {
        ...options,
        look: async () => pushesOf(await transport.store(), pushId),
      });
      if ('error' in reply) throw AssayError.from(reply.error);
      return { checked: reply.pushed, platforms: reply.platforms };
    },
    pushes: async ({ project, dataset, limit = 10 }) =>
      lastPushes(await transport.store(), { project, dataset, limit }),
    async *list({ platform, signal } = {}) {
      yield* platformNamed(transport, platform).datasets.list(patience(signal));
    },
    async get({ dataset, version, platform: name, signal: given }) {
      const platform = platformNamed(transport, name);
      const signal = patience(given);
      const found = await platform.datasets.get(dataset, signal);
      if (found === undefined) throw notThere(platform, dataset);
      const asked = { dataset, signal, ...stoodThen(version) };
      const items = (await platform.datasets.count?.(asked)) ?? found.items;
      const { projectId } = await platform.describe(signal);
      return {
        ...found,
        ...(items === undefined ? {} : { items }),
        platform: platform.name as PlatformName,
        url: platform.datasets.url(projectId, found.id),
      };
    },
    count: async ({ dataset, version, platform, signal }) =>
      platformNamed(transport, platform).datasets.count?.({
        dataset,
        ...stoodThen(version),
        signal: patience(signal),
      }),
    async *items({ dataset, version, platform, signal }) {
      const then = stoodThen(version);
      yield* platformNamed(transport, platform).datasets.items({
        dataset,
        ...then,
        signal: patience(signal),
      });
    },
    comparison({ platform: name } = {}) {
      const { datasets, name: own } = platformNamed(transport, name);
      return {
        platform: own as PlatformName,
        ...(datasets.largestItem === undefined ? {} : { largestItem: datasets.largestItem }),
        ...(datasets.platformId === undefined
          ? {}
          : { platformId: (...args) => datasets.platformId?.(...args) ?? '' }),
        fieldKeys: (write) =>
          datasets.fieldKeys?.(write) ?? plainFieldKeys(write.item, write.splits),
      };
    },
  };
}

function parseRequest(input: DatasetPushInput): DatasetPushRequest {
  const parsed = datasetPushSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const named = parsed.error.issues.every(({ path }) => path[0] === 'dataset');
  throw new AssayError(
    named ? 'NAME_INVALID' : 'SPEC_INVALID',
    named ? 'The name of the dataset cannot be used.' : 'The push has problems.',
    {
      problems: schemaProblems(parsed.error, 'push'),
    },
  );
}

async function startPush(
  client: Client,
  request: DatasetPushRequest,
): Promise<{ readonly handle: WorkflowHandle; readonly pushId: string }> {
  const taskQueue = taskQueues(request.project).orchestration;
  let handle: WorkflowHandle;
  let shown: ShownPush;
  try {
    await requireWorker(client, taskQueue);
    handle = await client.workflow.start(datasetPushWorkflowType, {
      workflowId: datasetPushWorkflowId(request.project, request.dataset),
      taskQueue,
      args: [request],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `push of the dataset ${request.dataset}`,
      typedSearchAttributes: attributesOf(request.project, 'dataset'),
    });
    shown = await handle.query<ShownPush>(pushProgressQuery);
  } catch (error) {
    throw temporalUnreachable(error);
  }
  refuseOtherPush(shown, request);
  return { handle, pushId: shown.pushId };
}

async function follow(
  handle: WorkflowHandle,
  on: PushOptions & { readonly look: () => Promise<readonly PushRecord[]> },
): Promise<PushReply> {
  const { signal, onProgress, look } = on;
  let heardAt = performance.now();
  for (;;) {
    const result = handle.result() as Promise<PushReply>;
    result.catch(() => undefined);
    try {
      for (;;) {
        const reply = await Promise.race([
          result,
          wait(lookEveryMs, undefined, signal === undefined ? {} : { signal }),
        ]);
        if (reply !== undefined) return reply;
        // A database that is away shows nothing for a while; the push waits for it as well.
        const seen = await look().catch(() => undefined);
        if (seen !== undefined) onProgress?.(seen);
        heardAt = performance.now();
      }
    } catch (error) {
      if (signal?.aborted === true) throw error;
      if (error instanceof WorkflowFailedError) throw endedElsewhere(error);
      const known = temporalUnreachable(error);
      const away = AssayError.is(known) && known.code === 'TEMPORAL_UNREACHABLE';
      if (!away || performance.now() - heardAt > mostSilenceMs) throw known;
      await wait(1_000, undefined, signal === undefined ? {} : { signal });
    }
  }
}

/** Whoever watches a push that somebody cancels or terminates in Temporal is told so, and no error of ours. */
function endedElsewhere(error: WorkflowFailedError): Error {
  const { cause } = error;
  const how =
    cause instanceof CancelledFailure
      ? 'cancelled'
      : cause instanceof TerminatedFailure
        ? 'terminated'
        : undefined;
  if (how === undefined) return error;
  return new AssayError('DATASET_PUSH_CANCELLED', `The push was ${how} in Temporal.`, {
    mend: 'What it wrote stands. Push again: only what is missing is written.',
  });
}

/** @throws AssayError SPEC_INVALID for a moment that is still to come. */
function stoodThen(version: string | undefined): { readonly version?: string } {
  refuseFutureVersion(version, 'version');
  return version === undefined ? {} : { version };
}

const notThere = ({ name }: Platform, dataset: string): AssayError =>
  new AssayError(
    'DATASET_NOT_FOUND',
    `There is no dataset ${JSON.stringify(dataset)} on ${name}.`,
    {
      mend: 'See `assay datasets list`.',
    },
  );
