import type { ProviderLimits, RateControl } from '../../contracts/governor-state.js';
import { afterStorm, isStorm, refusedInStorm, streakOf, type Moment } from './refusal-storm.js';

/**
 * The control law of a provider's rate that nobody told us. It is one for the whole fleet; each worker paces its share of it.
 *
 * The provider is modelled as a token bucket (rate R, size B, both unknown), which is what providers document and what a
 * fixed window looks like from afar. A refusal says that the bucket is empty. Hence:
 *
 * - **Open** (never refused): the rate begins at 100/s and grows by two per second for each answer, so that it doubles within
 *   about half a second, while requests wait for it or half of it is used (slow start, RFC 5681, 3.1; growth only while it
 *   limits, RFC 7661).
 * - **First refusal**: the rate is too high by a factor that nobody knows, and B is not known either: the estimate is half of
 *   the rate (multiplicative decrease, RFC 5681, 3.1).
 * - **Later refusals**: the bucket was empty at both ends of the time between two refusals, so what was accepted in between is
 *   R·t exactly, unless the bucket ran over meanwhile. That is the new estimate where the window is short (2 s, or sixteen
 *   requests). Over a longer one the bucket may have run over, and the estimate is at least 0.8 of the rate at which the
 *   refusal came; where that is too much, the next refusal comes soon and its window is short. While a wait is obeyed the
 *   bucket fills only as far as its size, so of that time no more than what fills the known burst counts. With less
 *   evidence than eight requests in 0.6 s the estimate is thin: it is at most halved, and the window goes on to the next refusal.
 * - **Steady**: rate(t) = estimate · (1 + 0.03 · ((t − K) / K)³) until 3 K, the cubic of RFC 9438, 4.2, in relative terms: it
 *   starts 3 % below the estimate, so that the bucket gains a little, and is flat around it; from 3 K on it doubles with every K,
 *   so that a limit that was raised, or an estimate that bad luck made far too low, is found within a minute. K = 5 s, or the
 *   time of 60 requests where that is longer (at most 20 s), so that about one request in a hundred is spent on probing;
 *   0.4 of that where the estimate is thin, since it may be far too low.
 *   t stands still while nothing waits for the rate (RFC 7661).
 * - **Storms** (next to nothing was taken of what should have been): what was known before holds again after them; see
 *   `refusal-storm.ts`.
 * - **Burst** (what may leave at once after a pause): while a wait is obeyed the bucket fills, so at most one second's worth is
 *   sent at once after it; halved at each refusal and grown by a tenth for every K without one.
 *
 * A limit that the config or a header gives is the rate from the first moment on, and never exceeded.
 */

const firstRate = 100;
const firstBurst = 10;
const growthPerAnswer = 2;
/** What was taken before a pause says little of the moment after it (slow-start restart, RFC 5681, 4.1). */
const idleMs = 1_000;
/**
 * But steps of a run and the thoughts of people pause it too, and a provider does not change its mind meanwhile: for the
 * non-validated period of RFC 7661, 4.4, it goes on with a part of what was taken.
 */
const restRate = 200;
const restMs = 5 * 60_000;
const mostRate = 100_000;
const leastRate = 1 / 120;
/** Refusals between which nothing was taken tell that the provider is shut, and nothing of how slow it is: no less than this. */
const leastUntaken = 1;
/** The time constant of the pace. */
const paceMs = 2_000;
const undershoot = 0.03;
/** Of K, for an estimate that stands on few requests. */
const thinPart = 0.4;
/** In seconds: workers tell up to a quarter late what was taken, which a shorter window would mistake for the rate. */
const leastWindow = 0.6;
/** In units of K. */
const steepAfter = 3;
/** What a header said is believed so long after the last answer that said it. */
const toldForMs = 10 * 60_000;

/** The control of a key that nothing is known of. */
export function newRateControl(now: number): RateControl {
  return {
    phase: 'open',
    rate: firstRate,
    estimate: firstRate,
    thin: false,
    burst: firstBurst,
    epoch: 0,
    window: { at: now, accepted: 0, allowed: 0, heldMs: 0 },
    accepted: 0,
    usedAt: now,
    grownMs: 0,
    pace: 0,
    at: now,
  };
}

/** What happened since the control was last brought up to date. */
export interface RateObservation {
  readonly now: number;
  /** Requests that the provider took, of all that reported. */
  readonly accepted: number;
  /** Good answers. */
  readonly answered: number;
  /** Whether any worker has requests waiting for the rate. */
  readonly backlogged: boolean;
  /** Until when the fleet waits, or waited, since the provider asked for it. */
  readonly heldUntil: number;
  /** A refusal of a request that was sent under this control's epoch. */
  readonly refusal?:
    | {
        /** When it was sent. */
        readonly at: number;
        /** Of `accepted`: what was sent after it and is in `accepted`. */
        readonly sentAfter: number;
      }
    | undefined;
  readonly told?: ProviderLimits | undefined;
}

/** Brings a control up to date. */
export function observe(control: RateControl, seen: RateObservation): RateControl {
  const moved = advance(control, seen);
  const told = seen.told === undefined ? moved : { ...moved, told: { ...seen.told, at: seen.now } };
  return seen.refusal === undefined ? told : refused(told, seen.refusal, seen.now);
}

function advance(control: RateControl, seen: RateObservation): RateControl {
  // Bounded: a fleet that was away has learned nothing meanwhile.
  const dt = Math.min(3_000, Math.max(0, seen.now - control.at));
  const heldMs = Math.min(dt, Math.max(0, seen.heldUntil - control.at));
  const openMs = dt - heldMs;
  const window = {
    ...control.window,
    allowed: control.window.allowed + (control.rate * openMs) / 1_000,
    heldMs: control.window.heldMs + heldMs,
  };
  const grownMs = control.grownMs + (seen.backlogged ? openMs : 0);
  const accepted = control.accepted + seen.accepted;
  const usedAt = seen.accepted > 0 || seen.backlogged ? seen.now : control.usedAt;
  const moved = {
    ...control,
    accepted,
    usedAt,
    window,
    pace: paceAfter(control, seen),
    at: Math.max(control.at, seen.now),
  };
  if (control.streak?.storm === true) {
    return afterStorm(moved, control.streak, seen.backlogged ? openMs : 0);
  }
  const next = { ...moved, grownMs };
  const pausedMs = seen.now - control.usedAt;
  if (control.phase === 'open' && pausedMs > idleMs) {
    const rate = pausedMs > restMs ? firstRate : Math.min(control.rate, restRate);
    return { ...next, rate, burst: Math.max(firstBurst, rate / 10) };
  }
  if (control.phase === 'open') {
    // A queue that is empty at this very moment says nothing of the time since the last telling: what was answered does.
    const used = next.pace >= control.rate / 2;
    const rate =
      seen.backlogged || used
        ? Math.min(mostRate, control.rate + growthPerAnswer * seen.answered)
        : control.rate;
    return { ...next, rate, burst: Math.max(firstBurst, rate / 10) };
  }
  const k = flatAfterMs(control);
  const rate = Math.min(mostRate, control.estimate * growth(grownMs / k));
  const grown = 1.1 ** ((grownMs - control.grownMs) / k);
  return { ...next, rate, burst: Math.max(1, Math.min(control.burst * grown, rate)) };
}

/** An exponential mean over time, to which each request adds as much whenever it is told. */
function paceAfter(control: RateControl, seen: RateObservation): number {
  const dt = Math.max(0, seen.now - control.at);
  const kept = control.pace * Math.exp(-dt / paceMs);
  return Math.max(0, kept + (1_000 * seen.accepted) / paceMs);
}

/** The rate in parts of the estimate, t in units of K. */
function growth(t: number): number {
  const cubic = 1 + undershoot * (Math.min(t, steepAfter) - 1) ** 3;
  return cubic * 2 ** Math.min(60, Math.max(0, t - steepAfter));
}

function flatAfterMs({ estimate, thin }: RateControl): number {
  const k = Math.min(20_000, Math.max(5_000, 60_000 / estimate));
  return thin ? k * thinPart : k;
}

function refused(
  control: RateControl,
  refusal: { readonly at: number; readonly sentAfter: number },
  now: number,
): RateControl {
  const accepted = control.accepted - refusal.sentAfter;
  const at = Math.min(now, refusal.at);
  const streak = streakOf(control, { at, accepted });
  if (isStorm(streak, { at, accepted })) return refusedInStorm(control, streak, { at, accepted });
  const open = control.phase === 'open';
  const { estimate, enough } = nextEstimate(control, { at, accepted });
  const burst = open
    ? Math.min((accepted - control.window.accepted) / 2, estimate)
    : control.burst / 2;
  return {
    ...control,
    phase: 'steady',
    estimate,
    thin: !enough,
    rate: estimate * (1 - undershoot),
    burst: Math.max(1, Math.min(burst, estimate)),
    epoch: control.epoch + 1,
    window: enough ? { at, accepted, allowed: 0, heldMs: 0 } : control.window,
    grownMs: 0,
    streak,
  };
}

interface Estimate {
  readonly estimate: number;
  /** Whether it stands on enough requests, so that the next one begins anew. */
  readonly enough: boolean;
}

function nextEstimate(control: RateControl, moment: Moment): Estimate {
  if (control.phase === 'open') return { estimate: control.rate / 2, enough: true };
  if (control.streak?.storm !== true) return estimateAfter(control, moment);
  // A bucket that is used less than it is filled runs over: what was taken while the rate grew back says little of it.
  const { estimate } = estimateAfter({ ...control, estimate: control.rate }, moment);
  return { estimate: Math.max(estimate, control.rate / 2), enough: true };
}

function estimateAfter(control: RateControl, { at, accepted }: Moment): Estimate {
  const { estimate, rate, window, burst } = control;
  const taken = Math.max(0, accepted - window.accepted);
  const filled = Math.min(window.heldMs, (1_000 * burst) / estimate);
  const elapsed = Math.max(0.02, (at - window.at - window.heldMs + filled) / 1_000);
  const upper = Math.max(estimate, rate);
  const enough = estimate * elapsed >= 8 && elapsed >= leastWindow;
  const floor = taken === 0 ? Math.min(estimate, leastUntaken) : leastRate;
  if (!enough) {
    const seen = Math.max((taken + 0.5) / elapsed, estimate / 2);
    return { estimate: Math.max(floor, Math.min(upper, seen)), enough };
  }
  const short = elapsed <= Math.max(2, 16 / estimate);
  const seen = short ? (taken + 0.5) / elapsed : Math.max(taken / elapsed, 0.8 * rate);
  return { estimate: Math.max(floor, Math.min(upper, seen)), enough };
}

/** What the fleet may send now: requests and tokens per second, and requests at once. */
export interface FleetRate {
  readonly perSecond: number;
  readonly burst: number;
  /** Undefined: no limit is known. */
  readonly tokensPerSecond: number | undefined;
}

/**
 * The rate under all limits that are known.
 *
 * @param limits what the configs give; the smallest of those that name one.
 */
export function fleetRate(
  control: RateControl,
  limits: ProviderLimits | undefined,
  now: number,
): FleetRate {
  const { told } = control;
  const fresh = told !== undefined && now - told.at < toldForMs ? told : undefined;
  const perMinute = least(limits?.requestsPerMinute, fresh?.requestsPerMinute);
  const tokens = least(limits?.tokensPerMinute, fresh?.tokensPerMinute);
  const tokensPerSecond = tokens === undefined ? undefined : tokens / 60;
  if (perMinute === undefined) {
    return { perSecond: control.rate, burst: control.burst, tokensPerSecond };
  }
  const known = perMinute / 60;
  const open = control.phase === 'open';
  const perSecond = open ? known : Math.min(control.rate, known);
  // A limit that is known needs no guess of the burst but this: one second's worth.
  const burst = open ? known : Math.min(control.burst, known);
  return { perSecond, burst: Math.max(1, burst), tokensPerSecond };
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
