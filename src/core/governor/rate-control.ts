import type { ProviderLimits, RateControl } from '../../contracts/governor-state.js';

/**
 * The control law of a provider's rate that nobody told us. It is one for the whole fleet; each worker paces its share of it.
 *
 * The provider is modelled as a token bucket (rate R, size B, both unknown), which is what providers document and what a
 * fixed window looks like from afar. A refusal says that the bucket is empty. Hence:
 *
 * - **Open** (never refused): the rate begins at 100/s and grows by two per second for each answer, so that it doubles within
 *   about half a second, while requests wait for it (slow start, RFC 5681, 3.1; growth only while it limits, RFC 7661).
 * - **First refusal**: what was accepted until then is B + R·t, an upper bound of R·t. The estimate is half of that rate,
 *   since B is not known (multiplicative decrease, RFC 5681, 3.1).
 * - **Later refusals**: the bucket was empty at both ends of the time between two refusals, so what was accepted in between is
 *   R·t exactly, unless the bucket ran over meanwhile (then less: the error is on the safe side, and probing mends it). That is
 *   the new estimate. With less evidence than eight requests it is at least half of the old one; where the fleet did not use
 *   the rate, at least seven tenths.
 * - **Steady**: rate(t) = estimate · (1 + 0.03 · ((t − K) / K)³), the cubic of RFC 9438, 4.2, in relative terms: it starts 3 %
 *   below the estimate, so that the bucket gains a little, is flat around it, and goes up steeply where the limit was raised (twice
 *   the estimate at t = 4.2 K). K = 5 s, or the time of 60 requests where that is longer, so that at most one request in about
 *   a hundred is spent on probing; at most 120 s.
 * - **Burst** (what may leave at once after a pause): while a wait is obeyed the bucket fills, so at most one second's worth is
 *   sent at once after it; halved at each refusal and grown by a tenth for every K without one.
 *
 * A limit that the config or a header gives is the rate from the first moment on, and never exceeded.
 */

const firstRate = 100;
const firstBurst = 10;
const growthPerAnswer = 2;
const mostRate = 100_000;
const leastRate = 1 / 120;
const undershoot = 0.03;
/** What a header said is believed so long after the last answer that said it. */
const toldForMs = 10 * 60_000;

/** The control of a key that nothing is known of. */
export function newRateControl(now: number): RateControl {
  return {
    phase: 'open',
    rate: firstRate,
    estimate: firstRate,
    burst: firstBurst,
    epoch: 0,
    epochAt: now,
    accepted: 0,
    acceptedAtEpoch: 0,
    allowed: 0,
    grownMs: 0,
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
  /** Whether the fleet waits since the provider asked for it. */
  readonly held: boolean;
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
  const dt = Math.min(2_000, Math.max(0, seen.now - control.at));
  const allowed = control.allowed + (seen.held ? 0 : (control.rate * dt) / 1_000);
  const grownMs = control.grownMs + (seen.backlogged && !seen.held ? dt : 0);
  const accepted = control.accepted + seen.accepted;
  const next = { ...control, accepted, allowed, grownMs, at: Math.max(control.at, seen.now) };
  if (control.phase === 'open') {
    const rate = seen.backlogged
      ? Math.min(mostRate, control.rate + growthPerAnswer * seen.answered)
      : control.rate;
    return { ...next, rate, burst: Math.max(firstBurst, rate / 10) };
  }
  const k = flatAfterMs(control.estimate);
  const x = (grownMs - k) / k;
  const rate = Math.min(mostRate, control.estimate * (1 + undershoot * x ** 3));
  const grown = 1.1 ** ((grownMs - control.grownMs) / k);
  return { ...next, rate, burst: Math.max(1, Math.min(control.burst * grown, rate)) };
}

function flatAfterMs(estimate: number): number {
  return Math.min(120_000, Math.max(5_000, 60_000 / estimate));
}

function refused(
  control: RateControl,
  refusal: { readonly at: number; readonly sentAfter: number },
  now: number,
): RateControl {
  const taken = Math.max(0, control.accepted - control.acceptedAtEpoch - refusal.sentAfter);
  const elapsed = Math.max(0.05, (refusal.at - control.epochAt) / 1_000);
  const seen = (taken + 0.5) / elapsed;
  const estimate = Math.max(leastRate, estimateAfter(control, { seen, elapsed, taken }));
  const burst =
    control.phase === 'open'
      ? Math.min(taken / 2, estimate)
      : Math.min(control.burst / 2, estimate);
  return {
    ...control,
    phase: 'steady',
    estimate,
    rate: estimate * (1 - undershoot),
    burst: Math.max(1, burst),
    epoch: control.epoch + 1,
    epochAt: Math.min(now, refusal.at),
    acceptedAtEpoch: control.accepted - refusal.sentAfter,
    allowed: 0,
    grownMs: 0,
  };
}

function estimateAfter(
  control: RateControl,
  { seen, elapsed, taken }: { seen: number; elapsed: number; taken: number },
): number {
  if (control.phase === 'open') return Math.min(seen, control.rate) / 2;
  const { estimate, allowed, rate } = control;
  const upper = Math.max(estimate, rate);
  if (estimate * elapsed < 8) return Math.min(upper, Math.max(seen, estimate / 2));
  // What was never asked for could not be taken: that says little of the limit.
  const unused = taken < allowed / 2 && elapsed > 10;
  return Math.min(upper, unused ? Math.max(seen, 0.7 * estimate) : seen);
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
