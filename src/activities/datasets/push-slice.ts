import type {
  DatasetActivities,
  PushProgress,
  PushSlice,
  SliceReply,
} from '../../contracts/dataset-push.js';
import { AssayError, type ErrorDocument } from '../../core/errors/assay-error.js';
import { dropListed } from '../../store/datasets/push-items.js';
import { beginPush, stepPush, type PushRecord } from '../../store/datasets/pushes.js';
import { withTransaction } from '../../store/store.js';
import { platformNamed } from '../experiment/run-platforms.js';
import { withHeartbeat } from '../heartbeat.js';
import type { DatasetPorts } from './ports.js';
import { archiveRemoved } from './push-archive.js';
import { listThere } from './push-list.js';
import type { Pushing } from './pushing.js';
import { writeChanged } from './push-write.js';

/** How soon a platform that is away is asked again, where it does not say. */
const askAgainMs = 5_000;

/** Goes on with a push where its row says that it stands: what was done by an attempt that is gone is not done again. */
export function createPushSlice(ports: DatasetPorts): DatasetActivities['pushSlice'] {
  return (slice) =>
    withHeartbeat(async (beat): Promise<SliceReply> => {
      const pushing = await open(slice, {
        ports,
        signal: beat.cancelled,
        tell: (push, inFlight) => {
          beat.tell({
            platform: push.platform,
            phase: push.phase,
            listed: push.listed,
            position: push.cursor + inFlight,
            of: push.items,
          });
        },
      });
      try {
        while (!pushing.over() && isOpen(pushing.push)) await goOn(pushing);
        return progressOf(pushing.push);
      } catch (error) {
        if (!AssayError.is(error) || beat.cancelled.aborted) throw error;
        if (error.code === 'PLATFORM_UNREACHABLE' || error.code === 'PLATFORM_NOT_CONFIGURED') {
          await pushing.step({ waiting: error.message });
          const away = { error: error.toJSON(), waitMs: error.retryAfterMs ?? askAgainMs };
          return { ...progressOf(pushing.push), away };
        }
        if (error.entry.retry !== 'never') throw error;
        return fail(pushing, error.toJSON());
      }
    });
}

/** Records that a push was given up; what stands there stays. */
export function createGivePushUp(ports: DatasetPorts): DatasetActivities['givePushUp'] {
  return async (slice, error) => {
    const pushing = await open(slice, {
      ports,
      signal: AbortSignal.timeout(60_000),
      tell: () => undefined,
    });
    return isOpen(pushing.push) ? fail(pushing, error) : progressOf(pushing.push);
  };
}

const isOpen = ({ phase }: PushRecord): boolean => phase !== 'done' && phase !== 'failed';

async function goOn(pushing: Pushing): Promise<void> {
  switch (pushing.push.phase) {
    case 'listing':
      return listThere(pushing);
    case 'writing':
      return writeChanged(pushing);
    case 'archiving':
      return archiveRemoved(pushing);
    case 'done':
    case 'failed':
  }
}

async function open(
  slice: PushSlice,
  on: {
    readonly ports: DatasetPorts;
    readonly signal: AbortSignal;
    readonly tell: (push: PushRecord, inFlight: number) => void;
  },
): Promise<Pushing> {
  const { ports, signal, tell } = on;
  const { store } = ports;
  const { pushId, request, checked } = slice;
  let push = await beginPush(store, {
    pushId,
    platform: slice.platform,
    project: request.project,
    dataset: request.dataset,
    stamp: checked.stamp,
    items: checked.items,
    archiveRemoved: request.archiveRemoved,
  });
  const until = performance.now() + slice.sliceMs;
  tell(push, 0);
  return {
    slice,
    // Asked for where it is used: a push whose worker lacks the keys must be told of, waited for and given up all the same.
    get platform() {
      return platformNamed(ports, slice.platform);
    },
    ports,
    signal,
    get push() {
      return push;
    },
    over: () => {
      signal.throwIfAborted();
      return ports.draining.aborted || performance.now() >= until;
    },
    tell: (inFlight) => tell(push, inFlight),
    async step(step, beside) {
      const next = await withTransaction(store, async (tx) => {
        await beside?.(tx);
        const stepped = await stepPush(tx, push, { waiting: null, ...step });
        if (stepped === undefined) throw new Error('another attempt of the push went on');
        return stepped;
      });
      push = next;
      tell(push, 0);
    },
  };
}

async function fail(pushing: Pushing, error: ErrorDocument): Promise<SliceReply> {
  await pushing.step({ phase: 'failed', error }, (on) => dropListed(on, pushing.push));
  return { ...progressOf(pushing.push), error };
}

/** How far a push is, as it travels. */
export function progressOf(push: PushRecord): PushProgress & { readonly error?: ErrorDocument } {
  const version = push.lastChange ?? push.finishedAt;
  return {
    platform: push.platform,
    phase: push.phase,
    listed: push.listed,
    position: push.cursor,
    items: push.items,
    unchanged: push.unchanged,
    added: push.added,
    changed: push.changed,
    removed: push.removed,
    archived: push.archived,
    requests: push.requests,
    ...(push.url === undefined ? {} : { url: push.url }),
    ...(push.phase === 'done' && version !== undefined ? { version } : {}),
    ...(push.error === undefined ? {} : { error: push.error }),
  };
}
