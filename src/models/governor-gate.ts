import type { ProviderLimits } from '../contracts/governor-state.js';
import type { Grant, Report } from '../core/governor/exchange.js';
import type { GovernorClock } from './governor-clock.js';
import type { CallOutcome, Permit } from './governor-permit.js';
import { createLineQueue, type Line } from './governor-queue.js';
import { createLineUsages } from './governor-usage.js';

/** One key in this process: lets calls through under the share that was leased. */
export interface Gate {
  /** At once where there is room; otherwise when there is, in the order of {@link LineQueue}. */
  enter(
    call: { readonly line: Line; readonly tokens?: (() => number) | undefined },
    options: {
      readonly maxWaitMs: number;
      readonly signal: AbortSignal;
      /** Makes the error of a wait that is longer than `maxWaitMs`. */
      readonly tooLong: (waitMs: number) => Error;
    },
  ): Permit | Promise<Permit>;
  /** The provider asked for a wait. */
  holdBack(waitMs: number): void;
  /** What this process wants and has seen. */
  report(): Omit<Report, 'member' | 'leaseMs' | 'limits' | 'slots'>;
  /** A share, until `untilMs` of the clock; `heard`: the last report was taken. */
  grant(grant: Grant, lease: { readonly untilMs: number; readonly heard: boolean }): void;
  /** Takes the share away now: its lease is over, whatever the clock says. */
  revoke(): void;
  /** Whether nobody uses it, and since when. */
  readonly idleSince: number | undefined;
  readonly inUse: number;
  readonly waiting: number;
  /** When somebody was last answered well, on the clock; undefined: never, as far as is known. */
  readonly answeredAt: number | undefined;
}

interface Waiter {
  readonly line: Line;
  readonly tokens: number;
  readonly enter: (permit: Permit) => void;
  readonly giveUp: (reason: Error) => void;
  readonly maxWaitMs: number;
  readonly tooLong: (waitMs: number) => Error;
}

interface Lease {
  readonly until: number;
  /** Requests per millisecond. */
  readonly perMs: number;
  readonly burst: number;
  readonly burstAfterHold: number;
  readonly tokensPerMs?: number | undefined;
  readonly slots?: number | undefined;
}

interface Call {
  readonly epoch: number;
  /** The how-manieth of this process. */
  readonly seq: number;
  readonly at: number;
  readonly tokens: number;
}

/**
 * Makes the gate of one key.
 *
 * @param means.paced whether the rate counts, or slots alone (the cells of a run).
 * @param means.exchangeSoon called when only an exchange can help.
 */
export function createGate(means: {
  readonly clock: GovernorClock;
  readonly paced: boolean;
  readonly exchangeSoon: () => void;
}): Gate {
  const { clock, paced, exchangeSoon } = means;
  const queue = createLineQueue<Waiter>();
  const waiters = new Set<Waiter>();
  const usages = createLineUsages(clock);
  let lease: Lease = { until: -Infinity, perMs: 0, burst: 1, burstAfterHold: 1 };
  let leased = false;
  // May go below zero: tokens are counted after the call, and what was used too much is waited for.
  let level = 0;
  let tokenLevel = 0;
  /** What calls took beyond what their requests were expected to: their answers. */
  let more = 0;
  let filledAt = clock.now();
  let holdUntil = -Infinity;
  let holdToTell = -Infinity;
  let epoch = 0;
  let inUse = 0;
  let sent = 0;
  let refused = 0;
  let answered = 0;
  let answeredAt: number | undefined;
  let told: ProviderLimits | undefined;
  let refusal: Call | undefined;
  /** Of those sent after it. */
  let refusedAfter = 0;
  let reported: { readonly refusal: Call | undefined; readonly hold: number } | undefined;
  let backlogged = false;
  let usedAt = clock.now();
  let unwake: (() => void) | undefined;

  const refill = (now: number): void => {
    const dt = now - filledAt;
    filledAt = now;
    // A wait ends for all workers at once. Where the fleet's burst is smaller than their number they must not begin as one.
    const cap = now < holdUntil ? lease.burstAfterHold : lease.burst;
    level = Math.min(cap, level + dt * lease.perMs);
    if (lease.tokensPerMs === undefined) return;
    tokenLevel = Math.min(tokenBurst(lease.tokensPerMs), tokenLevel + dt * lease.tokensPerMs);
  };

  /** How long the next one must wait: 0 now, Infinity until an exchange. */
  const waitFor = (tokens: number, now: number): number => {
    if (now >= lease.until || refusal !== undefined) return Infinity;
    if (lease.slots !== undefined && inUse >= lease.slots) return Infinity;
    if (!paced) return now < holdUntil ? holdUntil - now : 0;
    refill(now);
    if (now < holdUntil) return holdUntil - now;
    const forRate = level >= 1 ? 0 : (1 - level) / lease.perMs;
    if (lease.tokensPerMs === undefined) return forRate;
    // More than the bucket holds may pass when it is full, or it would wait for ever.
    const needed = Math.min(tokens, tokenBurst(lease.tokensPerMs));
    const forTokens = tokenLevel >= needed ? 0 : (needed - tokenLevel) / lease.tokensPerMs;
    return Math.max(forRate, forTokens);
  };

  const start = (line: Line, tokens: number): Permit => {
    const usage = usages.of(line);
    usage.inUse += 1;
    usage.started += 1;
    usage.seenAt = usedAt = clock.now();
    inUse += 1;
    sent += 1;
    level -= 1;
    tokenLevel -= tokens;
    const under = { epoch, seq: sent, at: usedAt };
    let ended = false;
    return {
      end(outcome) {
        if (ended) return;
        ended = true;
        usage.inUse -= 1;
        inUse -= 1;
        usedAt = clock.now();
        usage.seenAt = usedAt;
        settle(outcome, { ...under, tokens });
        pump();
      },
    };
  };

  const settle = (outcome: CallOutcome, call: Call): void => {
    if (outcome.kind === 'other') return;
    if (outcome.told !== undefined) told = outcome.told;
    if (outcome.kind === 'answered') {
      answered += 1;
      answeredAt = clock.now();
      // Calls that left before a limit of tokens was known were charged nothing.
      if (outcome.tokens !== undefined && call.tokens > 0) {
        tokenLevel += call.tokens - outcome.tokens;
        more = Math.max(0, more + (outcome.tokens - call.tokens) * learnShare);
      }
      return;
    }
    refused += 1;
    // A refused call takes nothing of the tokens.
    tokenLevel += call.tokens;
    if (refusal !== undefined && call.seq > refusal.seq) refusedAfter += 1;
    if (call.epoch !== epoch || refusal !== undefined) return;
    // Nothing more leaves until the fleet has a new rate: each of these would be refused as well.
    refusal = call;
    refusedAfter = 0;
    exchangeSoon();
  };

  const pump = (): void => {
    unwake?.();
    unwake = undefined;
    for (;;) {
      const next = queue.peek();
      if (next === undefined) return;
      const now = clock.now();
      const wait = waitFor(next.tokens, now);
      if (wait > 0) {
        if (wait === Infinity) exchangeSoon();
        else if (now < holdUntil) turnAway(holdUntil - now);
        else backlogged = true;
        if (wait < Infinity && queue.size > 0) unwake = clock.after(Math.ceil(wait), pump);
        return;
      }
      const waiter = queue.take();
      if (waiter !== undefined) waiter.enter(start(waiter.line, waiter.tokens));
    }
  };

  const leave = (waiter: Waiter, reason: Error): void => {
    queue.remove(waiter);
    waiters.delete(waiter);
    waiter.giveUp(reason);
  };

  const turnAway = (waitMs: number): void => {
    for (const waiter of [...waiters]) {
      if (waitMs > waiter.maxWaitMs) leave(waiter, waiter.tooLong(Math.ceil(waitMs)));
    }
  };

  const wait = (
    call: { readonly line: Line; readonly tokens: number },
    options: Parameters<Gate['enter']>[1],
  ): Promise<Permit> =>
    new Promise((resolve, reject) => {
      const { signal, maxWaitMs, tooLong } = options;
      const abort = (): void => leave(waiter, signal.reason as Error);
      const waiter: Waiter = {
        ...call,
        maxWaitMs,
        tooLong,
        enter: (permit) => {
          waiters.delete(waiter);
          signal.removeEventListener('abort', abort);
          resolve(permit);
        },
        giveUp: (reason) => {
          signal.removeEventListener('abort', abort);
          reject(reason);
          pump();
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      queue.add(waiter);
      waiters.add(waiter);
      usages.of(call.line);
      // Who comes later goes behind: only the first of the queue needs a look at the clock.
      if (queue.size === 1 || unwake === undefined) pump();
    });

  return {
    get inUse() {
      return inUse;
    },
    get waiting() {
      return queue.size;
    },
    get idleSince() {
      return inUse === 0 && queue.size === 0 ? usedAt : undefined;
    },
    get answeredAt() {
      return answeredAt;
    },
    enter({ line, tokens: expected }, options) {
      options.signal.throwIfAborted();
      const now = clock.now();
      if (now < holdUntil && holdUntil - now > options.maxWaitMs) {
        throw options.tooLong(Math.ceil(holdUntil - now));
      }
      const tokens = lease.tokensPerMs === undefined ? 0 : (expected?.() ?? 0) + more;
      if (queue.size === 0 && waitFor(tokens, now) === 0) return start(line, tokens);
      return wait({ line, tokens }, options);
    },
    holdBack(waitMs) {
      const until = clock.now() + waitMs;
      if (until <= holdUntil) return;
      holdUntil = until;
      holdToTell = until;
      exchangeSoon();
      pump();
    },
    report() {
      const now = clock.now();
      reported = { refusal, hold: holdToTell };
      const waits = backlogged;
      backlogged = false;
      return {
        lines: usages.report((line) => queue.waiting(line)),
        backlogged: waits,
        accepted: sent - refused,
        refused,
        answered,
        refusal:
          refusal === undefined
            ? undefined
            : {
                epoch: refusal.epoch,
                agoMs: now - refusal.at,
                sentAfter: sent - refusal.seq - refusedAfter,
              },
        holdMs: Math.max(0, holdToTell - now),
        told,
      };
    },
    grant(grant, { untilMs, heard }) {
      const now = clock.now();
      refill(now);
      lease = {
        until: untilMs,
        perMs: grant.perSecond / 1_000,
        burst: Math.max(1, grant.burst),
        burstAfterHold: grant.burst >= 1 ? grant.burst : 1 - grant.upTo,
        tokensPerMs:
          grant.tokensPerSecond === undefined ? undefined : grant.tokensPerSecond / 1_000,
        slots: grant.slots,
      };
      if (!leased) {
        leased = true;
        level = lease.burst;
        tokenLevel = tokenBurst(lease.tokensPerMs ?? 0);
        // All workers of the fleet begin at the same moment with an empty bucket: the first token is the first one's, the next
        // the next one's. Each beginning at 0 would send as one, and be refused as one.
      } else if (grant.epoch !== epoch) level = 1 - grant.upTo;
      epoch = grant.epoch;
      if (heard) {
        if (refusal === reported?.refusal) refusal = undefined;
        if (holdToTell === reported?.hold) holdToTell = -Infinity;
        told = undefined;
      }
      // What the fleet says replaces what this process knew, but for what it has not told yet.
      holdUntil = Math.max(now + grant.holdMs, holdToTell);
      if (grant.answeredAgoMs !== undefined) {
        answeredAt = Math.max(answeredAt ?? -Infinity, now - grant.answeredAgoMs);
      }
      pump();
    },
    revoke() {
      lease = { ...lease, until: -Infinity };
    },
  };
}

/** The weight of the last answer in the running mean of what answers take (RFC 6298's weight for round-trip times). */
const learnShare = 1 / 8;

/** As many tokens as may leave at once: ten seconds' worth, since one call can take many. */
function tokenBurst(perMs: number): number {
  return perMs * 10_000;
}
