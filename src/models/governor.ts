import { AssayError } from '../core/errors/assay-error.js';

/** A counted gate: at most `limit` holders at once, first come first served. */
export interface Slots {
  /** Waits for a slot; the returned function gives it back and may be called once. */
  acquire(signal: AbortSignal): Promise<() => void>;
  readonly inUse: number;
}

/** Makes a gate of so many slots. */
export function createSlots(limit: number): Slots {
  let inUse = 0;
  const queue: (() => void)[] = [];
  const release = (): void => {
    const next = queue.shift();
    if (next === undefined) inUse -= 1;
    else next();
  };
  const once = (): (() => void) => {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      release();
    };
  };
  return {
    get inUse() {
      return inUse;
    },
    async acquire(signal) {
      signal.throwIfAborted();
      if (inUse < limit) {
        inUse += 1;
        return once();
      }
      return new Promise((resolve, reject) => {
        const enter = (): void => {
          signal.removeEventListener('abort', leave);
          resolve(once());
        };
        const leave = (): void => {
          const at = queue.indexOf(enter);
          if (at >= 0) queue.splice(at, 1);
          reject(signal.reason as Error);
        };
        queue.push(enter);
        signal.addEventListener('abort', leave, { once: true });
      });
    },
  };
}

/** Holds back calls to a provider that asked to wait, for every cell of this process. */
export interface Governor {
  /** The slots of one run: concurrency is counted in cells. */
  slotsOf(experimentId: string, limit: number): Slots;
  /** The provider asked for a wait: no call of this key starts before. */
  holdBack(key: string, waitMs: number): void;
  /** Somebody is there: what failed before is over. */
  noteAnswer(key: string): void;
  /** A cell used up its tries. @returns how many different cells did since the last answer, this one included. */
  noteFailure(key: string, cellId: string): number;
  /**
   * How long to leave somebody alone who does not say so: 15 s, doubling to 60 s until an answer comes. Cells that fail
   * together are told the same wait, which they do not make longer for each other.
   */
  leaveAloneMs(key: string): number;
  /**
   * Waits until calls of this key may start.
   * @throws AssayError MODEL_RATE_LIMITED with `retryAfterMs` where that is longer than `maxWaitMs`.
   */
  ready(key: string, options: { maxWaitMs: number; signal: AbortSignal }): Promise<void>;
}

const firstWaitMs = 15_000;
const longestWaitMs = 60_000;

/** Makes the governor of this process. `now` is a monotonic clock in milliseconds. */
export function createGovernor(now: () => number = () => performance.now()): Governor {
  const slots = new Map<string, { limit: number; gate: Slots }>();
  const notBefore = new Map<string, number>();
  const failed = new Map<string, Set<string>>();
  const leftAlone = new Map<string, { waitMs: number; until: number }>();
  return {
    slotsOf(experimentId, limit) {
      const known = slots.get(experimentId);
      if (known?.limit === limit) return known.gate;
      const gate = createSlots(limit);
      slots.set(experimentId, { limit, gate });
      return gate;
    },
    holdBack(key, waitMs) {
      notBefore.set(key, Math.max(notBefore.get(key) ?? 0, now() + waitMs));
    },
    noteAnswer(key) {
      failed.delete(key);
      leftAlone.delete(key);
    },
    noteFailure(key, cellId) {
      const cells = failed.get(key) ?? new Set();
      failed.set(key, cells.add(cellId));
      return cells.size;
    },
    leaveAloneMs(key) {
      const last = leftAlone.get(key);
      if (last !== undefined && now() < last.until) return last.waitMs;
      const waitMs = last === undefined ? firstWaitMs : Math.min(2 * last.waitMs, longestWaitMs);
      leftAlone.set(key, { waitMs, until: now() + waitMs });
      return waitMs;
    },
    async ready(key, { maxWaitMs, signal }) {
      for (;;) {
        const wait = (notBefore.get(key) ?? 0) - now();
        if (wait <= 0) return;
        if (wait > maxWaitMs) {
          throw new AssayError('MODEL_RATE_LIMITED', `${key} asked to wait.`, {
            retryAfterMs: Math.ceil(wait),
          });
        }
        await delay(wait, signal);
      }
    },
  };
}

/** Waits so many milliseconds, or rejects with the signal's reason. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal.addEventListener('abort', abort, { once: true });
  });
}
