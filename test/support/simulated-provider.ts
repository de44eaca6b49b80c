import type { GovernorClock } from '../../src/models/governor-clock.js';
import { createMeetingMap } from '../../src/models/governor-meeting.js';
import type { MeetingPlace } from '../../src/models/governor-sync.js';
import type { CallOutcome, Governor } from '../../src/models/governor.js';

/** A clock that moves only when everything has been done that is to be done at its moment. */
export interface VirtualTime {
  readonly clock: GovernorClock;
  /** Runs what is due until nothing is planned, the moment is reached or `done` says so. */
  run(until: { readonly untilMs: number; readonly done: () => boolean }): Promise<void>;
}

export function createVirtualTime(): VirtualTime {
  let now = 0;
  let sequence = 0;
  const planned: { at: number; sequence: number; run: () => void; cancelled: boolean }[] = [];
  // A binary heap: a run has a hundred thousand events.
  const before = (a: number, b: number): boolean => {
    const [one, other] = [planned[a], planned[b]];
    if (one === undefined || other === undefined) return false;
    return one.at < other.at || (one.at === other.at && one.sequence < other.sequence);
  };
  const swap = (a: number, b: number): void => {
    const [one, other] = [planned[a], planned[b]];
    if (one === undefined || other === undefined) return;
    planned[a] = other;
    planned[b] = one;
  };
  const push = (event: (typeof planned)[number]): void => {
    planned.push(event);
    for (let at = planned.length - 1; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!before(at, parent)) break;
      swap(at, parent);
      at = parent;
    }
  };
  const pop = (): void => {
    swap(0, planned.length - 1);
    planned.pop();
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const child = before(right, left) ? right : left;
      if (!before(child, at)) return;
      swap(at, child);
      at = child;
    }
  };
  return {
    clock: {
      now: () => now,
      after: (ms, run) => {
        const event = {
          at: now + Math.max(0, ms),
          sequence: (sequence += 1),
          run,
          cancelled: false,
        };
        push(event);
        return () => {
          event.cancelled = true;
        };
      },
    },
    async run({ untilMs, done }) {
      for (;;) {
        // Everything that waits for a promise alone goes first: it takes no time.
        await new Promise(setImmediate);
        if (done()) return;
        const [next] = planned;
        if (next === undefined || next.at > untilMs) return;
        pop();
        if (next.cancelled) continue;
        now = Math.max(now, next.at);
        next.run();
      }
    },
  };
}

/** Waits in the clock's time. */
export const pauseIn = (clock: GovernorClock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve);
  });

/** A place to meet that takes 2 ms for each statement. */
export function meetIn({ clock }: VirtualTime): MeetingPlace {
  const map = createMeetingMap(() => 1e6 + clock.now());
  return {
    async read(keys) {
      await pauseIn(clock, 2);
      return map.read(keys);
    },
    async write(changes) {
      await pauseIn(clock, 2);
      return map.write(changes);
    },
  };
}

/** A provider with a bucket of `burst` requests, filled with `perMinute`; a refusal comes at once and takes nothing. */
export interface ProviderOptions {
  readonly perMinute: number;
  readonly burst: number;
  readonly latencyMs: number;
  /** How long a refusal takes. Default 20 ms. */
  readonly refusalMs?: number;
  /** What it asks for with a refusal; `undefined` says nothing. */
  readonly retryAfter?: 'exact' | 'seconds' | undefined;
  /** Another limit from a moment on. */
  readonly change?: { readonly atMs: number; readonly perMinute: number };
  readonly told?: boolean;
  /** Times in which it refuses everything, whatever its rate; where it asks for a wait, then for this one each time. */
  readonly storms?: readonly {
    readonly fromMs: number;
    readonly forMs: number;
    readonly retryAfterMs?: number | undefined;
  }[];
}

export interface Outcome {
  readonly wallMs: number;
  readonly accepted: number;
  readonly refused: number;
  /** Accepted per second in each tenth of the time, for people. */
  readonly finished: boolean;
}

/** Sends so many requests through governors, each with so many in flight, and repeats what is refused. */
export async function simulate(options: {
  readonly provider: ProviderOptions;
  readonly requests: number;
  readonly concurrency: number;
  readonly governors: readonly Governor[];
  readonly time: VirtualTime;
  readonly untilMs?: number;
}): Promise<Outcome> {
  const { provider, requests, governors, time } = options;
  const { clock } = time;
  let level = provider.burst;
  let filledAt = 0;
  let accepted = 0;
  let refused = 0;
  let answered = 0;
  let left = requests;
  let endedAt = 0;
  const perMsAt = (ms: number): number =>
    (provider.change !== undefined && ms >= provider.change.atMs
      ? provider.change.perMinute
      : provider.perMinute) / 60_000;
  const take = (): { accepted: true } | { accepted: false; retryAfterMs: number | undefined } => {
    const at = clock.now();
    const storm = provider.storms?.find(({ fromMs, forMs }) => at >= fromMs && at < fromMs + forMs);
    if (storm !== undefined) {
      refused += 1;
      return { accepted: false, retryAfterMs: storm.retryAfterMs };
    }
    level = Math.min(provider.burst, level + (at - filledAt) * perMsAt(at));
    filledAt = at;
    if (level >= 1) {
      level -= 1;
      accepted += 1;
      return { accepted: true };
    }
    refused += 1;
    const exact = (1 - level) / perMsAt(at);
    const asked = provider.retryAfter;
    const retryAfterMs =
      asked === undefined
        ? undefined
        : asked === 'exact'
          ? Math.ceil(exact)
          : Math.ceil(exact / 1_000) * 1_000;
    return { accepted: false, retryAfterMs };
  };
  const one = async (governor: Governor): Promise<void> => {
    const { signal } = new AbortController();
    for (let attempt = 1; ; attempt += 1) {
      const permit = await governor.enter({ key: 'm' }, { maxWaitMs: Infinity, signal });
      const taken = take();
      await pauseIn(clock, taken.accepted ? provider.latencyMs : (provider.refusalMs ?? 20));
      const told = provider.told === true ? { requestsPerMinute: provider.perMinute } : undefined;
      const outcome: CallOutcome = { kind: taken.accepted ? 'answered' : 'refused', told };
      permit.end(outcome);
      if (taken.accepted) return;
      if (taken.retryAfterMs !== undefined)
        governor.holdBack('m', Math.max(500, taken.retryAfterMs));
      await pauseIn(clock, Math.max(500, taken.retryAfterMs ?? 0));
    }
  };
  const lane = async (governor: Governor): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await one(governor);
      answered += 1;
      endedAt = clock.now();
    }
  };
  const each = Math.ceil(options.concurrency / governors.length);
  for (const governor of governors)
    for (let at = 0; at < each; at += 1) void lane(governor).catch(() => undefined);
  const done = (): boolean => answered === requests;
  await time.run({ untilMs: options.untilMs ?? Infinity, done });
  return { wallMs: endedAt, accepted, refused, finished: done() };
}
