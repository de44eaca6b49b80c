import { randomUUID } from 'node:crypto';

import type { Priority } from '../contracts/experiment-spec.js';
import type { ProviderLimits } from '../contracts/governor-state.js';
import { AssayError } from '../core/errors/assay-error.js';
import type { ErrorCode } from '../core/errors/catalogue.js';
import { createGovernorClock, type GovernorClock } from './governor-clock.js';
import { createGate } from './governor-gate.js';
import type { Permit } from './governor-permit.js';
import type { Line } from './governor-queue.js';
import { createMeetingMap } from './governor-meeting.js';
import { exchangeAll, leaveAll, type MeetingPlace, type SharedGate } from './governor-sync.js';
import type { Slots } from './slots.js';

export type { CallOutcome, Permit } from './governor-permit.js';

/** A run whose cells are counted. */
export interface GovernedRun {
  readonly experimentId: string;
  readonly project: string;
  readonly priority: Priority;
  /** Where the run's row does not say it. */
  readonly concurrency: number;
}

/** A call that costs some of a limit. */
export interface GovernedCall {
  /** Who is asked, with the address: `openai/gpt-4o-mini https://…`. */
  readonly key: string;
  /** Of the run that asks; it decides priority and project. Absent: a step of our own, which goes first. */
  readonly experimentId?: string | undefined;
  /** Tokens that the request is expected to take; asked only where a limit of tokens is known. */
  readonly tokens?: (() => number) | undefined;
  /** What the config says of the provider. */
  readonly limits?: ProviderLimits | undefined;
  /** For the error of a long wait. Default: MODEL_RATE_LIMITED, the key. */
  readonly code?: ErrorCode | undefined;
  readonly label?: string | undefined;
}

/**
 * Divides what providers allow among the workers of a fleet, and a run's concurrency as well. Every process holds leases of shares
 * and decides on each call in memory.
 */
export interface Governor {
  /** The slots of one run, of all that its workers share: concurrency is counted in cells. */
  slotsOf(run: GovernedRun): Slots;
  /**
   * Leave to make one call: at once where there is room, else when there is.
   *
   * @throws AssayError MODEL_RATE_LIMITED (or `code`) with `retryAfterMs` where the provider asked for a wait longer than
   *   `maxWaitMs`; the signal's reason.
   */
  enter(
    call: GovernedCall,
    options: { readonly maxWaitMs: number; readonly signal: AbortSignal },
  ): Permit | Promise<Permit>;
  /** The provider asked for a wait: no call of this key starts before, in no worker. */
  holdBack(key: string, waitMs: number): void;
  /** How long ago somebody was answered by this key, in any worker; undefined: never, as far as is known. */
  answeredAgoMs(key: string): number | undefined;
  /** Somebody is there: what failed before is over. */
  noteAnswer(key: string): void;
  /** A cell used up its tries. @returns how many different cells did since the last answer, this one included. */
  noteFailure(key: string, cellId: string): number;
  /**
   * How long to leave somebody alone who does not say so: 15 s, doubling to 60 s until an answer comes. Cells that fail
   * together are told the same wait, which they do not make longer for each other.
   */
  leaveAloneMs(key: string): number;
  /** Gives all shares back; nothing starts any more. */
  close(): Promise<void>;
}

export interface GovernorOptions {
  /** Where the fleet meets. Default: this process alone. */
  readonly place?: MeetingPlace;
  readonly clock?: GovernorClock;
  /** For people who read the table. */
  readonly worker?: string;
  /** Default 3 s. */
  readonly leaseMs?: number;
  /** Default 250 ms. */
  readonly exchangeEveryMs?: number;
}

const firstWaitMs = 15_000;
const longestWaitMs = 60_000;
/** A key that nobody used for so long is left. */
const forgetAfterMs = 10_000;
/** An exchange that somebody waits for comes this long after the last one at the earliest. */
const soonestMs = 25;

/** Makes the governor of this process. */
export function createGovernor(options: GovernorOptions = {}): Governor {
  const clock = options.clock ?? createGovernorClock();
  const { leaseMs = 3_000, exchangeEveryMs = 250 } = options;
  const place = options.place ?? createMeetingMap(() => clock.now());
  const member = `${options.worker ?? 'worker'}/${randomUUID()}`;
  const gates = new Map<string, SharedGate>();
  const runs = new Map<string, GovernedRun>();
  const failed = new Map<string, Set<string>>();
  const leftAlone = new Map<string, { waitMs: number; until: number }>();
  const settings = { member, leaseMs, now: clock.now };
  let closed = false;
  let running: Promise<void> | undefined;
  let asked = false;
  let exchangedAt = -Infinity;
  let failures = 0;
  let cancel: (() => void) | undefined;
  let nextAt = Infinity;
  let inForeground = false;

  const schedule = (inMs: number): void => {
    const now = clock.now();
    const waited = [...gates.values()].some(({ gate }) => gate.waiting > 0);
    if (closed || running !== undefined) return;
    if (now + inMs >= nextAt && (inForeground || !waited)) return;
    cancel?.();
    nextAt = Math.min(nextAt, now + inMs);
    // A process whose last work waits for this must not end before it.
    inForeground = waited;
    cancel = clock.after(Math.max(0, nextAt - now), run, waited ? undefined : 'background');
  };
  const exchangeSoon = (): void => {
    asked = true;
    // Postgres is away: the next try is planned, and asking faster brings it back no sooner.
    if (failures > 0) return;
    schedule(Math.max(0, exchangedAt + soonestMs - clock.now()));
  };
  const run = (): void => {
    cancel = undefined;
    nextAt = Infinity;
    asked = false;
    running = exchangeAll(place, [...gates.values()], settings)
      .then(
        () => {
          failures = 0;
        },
        () => {
          failures += 1;
        },
      )
      .finally(() => {
        running = undefined;
        exchangedAt = clock.now();
        forget();
        again();
      });
  };
  const again = (): void => {
    if (failures > 0) {
      schedule(Math.min(1_000, 100 * 2 ** Math.min(failures, 4)));
      return;
    }
    if (gates.size === 0) return;
    const waiting = [...gates.values()].some(({ gate }) => gate.waiting > 0);
    const busy = waiting || [...gates.values()].some(({ gate }) => gate.inUse > 0);
    schedule(asked ? soonestMs : waiting ? exchangeEveryMs / 2 : busy ? exchangeEveryMs : 1_000);
  };
  const forget = (): void => {
    const now = clock.now();
    const unused = [...gates.values()].filter(({ gate }) => {
      const since = gate.idleSince;
      return since !== undefined && now - since > forgetAfterMs;
    });
    for (const { key } of unused) gates.delete(key);
    // What it held runs out by itself where this fails.
    if (unused.length > 0) void leaveAll(place, unused, settings).catch(() => undefined);
  };

  const gateOf = (
    key: string,
    of: {
      paced: boolean;
      experimentId?: string;
      limits?: ProviderLimits | undefined;
      slots?: number;
    },
  ): SharedGate => {
    const known = gates.get(key);
    if (known !== undefined) {
      known.limits = of.limits;
      known.slots = of.slots;
      return known;
    }
    const made: SharedGate = {
      key,
      experimentId: of.experimentId,
      limits: of.limits,
      slots: of.slots,
      untilMs: -Infinity,
      gate: createGate({ clock, paced: of.paced, exchangeSoon }),
    };
    gates.set(key, made);
    return made;
  };

  return {
    slotsOf(of) {
      const { experimentId, project, priority, concurrency } = of;
      runs.delete(experimentId);
      runs.set(experimentId, of);
      for (const oldest of runs.keys()) {
        if (runs.size <= 1_000) break;
        runs.delete(oldest);
      }
      const line = { project, priority };
      const gate = () =>
        gateOf(`run ${experimentId}`, { paced: false, experimentId, slots: concurrency }).gate;
      return {
        get inUse() {
          return gate().inUse;
        },
        async acquire(signal) {
          const permit = await gate().enter(
            { line },
            { maxWaitMs: Infinity, signal, tooLong: () => new Error('no wait is too long') },
          );
          return () => permit.end({ kind: 'other' });
        },
      };
    },
    enter(call, { maxWaitMs, signal }) {
      const { gate } = gateOf(call.key, { paced: true, limits: call.limits });
      const tooLong = (retryAfterMs: number): AssayError =>
        new AssayError(
          call.code ?? 'MODEL_RATE_LIMITED',
          `${call.label ?? call.key} asked to wait.`,
          { retryAfterMs },
        );
      const line = lineOf(call.experimentId);
      return gate.enter({ line, tokens: call.tokens }, { maxWaitMs, signal, tooLong });
    },
    holdBack(key, waitMs) {
      gateOf(key, { paced: true, limits: gates.get(key)?.limits }).gate.holdBack(waitMs);
    },
    answeredAgoMs(key) {
      const at = gates.get(key)?.gate.answeredAt;
      return at === undefined ? undefined : Math.max(0, clock.now() - at);
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
      const now = clock.now();
      if (last !== undefined && now < last.until) return last.waitMs;
      const waitMs = last === undefined ? firstWaitMs : Math.min(2 * last.waitMs, longestWaitMs);
      leftAlone.set(key, { waitMs, until: now + waitMs });
      return waitMs;
    },
    async close() {
      closed = true;
      cancel?.();
      await running;
      const all = [...gates.values()];
      // What was learned last is told; where Postgres is away, all of it runs out by itself.
      const leave = exchangeAll(place, all, settings)
        .catch(() => undefined)
        .then(() => {
          for (const { gate } of all) gate.revoke();
          return leaveAll(place, all, settings);
        })
        .catch(() => undefined);
      const tooLate = new Promise<void>((resolve) => {
        clock.after(2_000, resolve, 'background');
      });
      await Promise.race([leave, tooLate]);
      for (const { gate } of all) gate.revoke();
    },
  };

  function lineOf(experimentId: string | undefined): Line {
    if (experimentId === undefined) return { project: '', priority: 'interactive' };
    const known = runs.get(experimentId);
    if (known !== undefined) return known;
    return { project: experimentId.split('/', 1)[0] ?? '', priority: 'bulk' };
  }
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
