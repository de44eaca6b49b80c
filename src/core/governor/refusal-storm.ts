import type { RateControl } from '../../contracts/governor-state.js';

/**
 * Refusals that tell nothing of a rate: for some seconds a provider, or a gateway before it, refuses everything, and then
 * takes everything again. Read as an empty bucket each of them would shrink the estimate, which then takes minutes to grow.
 *
 * - Refusals that come close together are a **streak**. With its first one the control and the pace before it are kept.
 * - A streak is a **storm** where sixteen requests would have been taken since at that pace, and an eighth of them were not.
 *   What other workers tell late, and what is on its way, counts as taken until it is known to be refused, so the first
 *   refusal or two are read as usual.
 * - While it lasts the rate falls with its length, to four probes while it grows as long again, and at least one in five
 *   seconds. An asked-for wait is obeyed besides.
 * - Once something is taken the rate doubles every 0.4 s, from a thirty-second of what it was (slow start up to a threshold
 *   after a timeout, RFC 5681, 3.1). When it is there the control is again what it was: the refusals were spurious (RFC 4015).
 * - A refusal after eight requests were taken ends the storm: it is read as usual, but to no less than half of the rate that
 *   was reached. So a limit that really became low is found with about ten refusals more. Only if that was the beginning of
 *   the next storm does it take nothing of what was known before the first one.
 */

/** What is remembered of the first of several refusals that come close together. */
export type Streak = NonNullable<RateControl['streak']>;

/** A moment of the past: when, and how many requests the provider had taken until then. */
export interface Moment {
  readonly at: number;
  readonly accepted: number;
}

/** Refusals belong together where the rate was waited for no longer than this between them. */
const apartMs = 2_000;
/** Requests that are on their way count as taken until they are refused: up to so many are no evidence. */
const evidence = 8;
/** What was taken before the first refusal is told so much later, by other workers. */
const lateSeconds = 1 / 8;
/** What is taken in a storm, in parts of the pace before it. */
const nothing = 1 / 8;
/** The pace of a provider that never took enough to know one, in requests per second. */
const unknownPace = 16;
/** Probes while a storm grows as long again. */
const probes = 4;
const leastProbeRate = 0.2;
/** Of the rate to grow back to. */
const firstPart = 1 / 32;
const doublingMs = 400;

/** The streak that a refusal belongs to: the last one, or a new one. */
export function streakOf(control: RateControl, { at, accepted }: Moment): Streak {
  const { streak, pace, grownMs } = control;
  if (streak !== undefined && !isOver(streak, accepted - streak.accepted, grownMs)) return streak;
  const known = control.phase === 'steady' || accepted >= evidence;
  return {
    at,
    accepted,
    pace: known ? pace : Math.max(pace, unknownPace),
    storm: false,
    before: streak?.storm === true ? streak.before : keptOf(control),
  };
}

function keptOf({ phase, rate, estimate, thin, burst, grownMs }: RateControl): Streak['before'] {
  return { phase, rate, estimate, thin, burst, grownMs };
}

function isOver(streak: Streak, taken: number, grownMs: number): boolean {
  if (streak.storm) return taken >= evidence;
  return taken >= Math.max(3 * evidence, 2 * streak.pace * lateSeconds) || grownMs >= apartMs;
}

/** Whether next to nothing was taken since the streak's first refusal, where its pace would have been many. */
export function isStorm(streak: Streak, { at, accepted }: Moment): boolean {
  if (streak.storm) return true;
  const seconds = (at - streak.at) / 1_000;
  const expected = streak.pace * seconds;
  const late = seconds >= 1 ? streak.pace * lateSeconds : 0;
  return expected >= 2 * evidence && accepted - streak.accepted - late <= nothing * expected;
}

/** A refusal in a storm: probes are sent that are few for its length. */
export function refusedInStorm(control: RateControl, streak: Streak, moment: Moment): RateControl {
  const seconds = Math.max(0.02, (moment.at - streak.at) / 1_000);
  const rate = Math.min(streak.before.rate / probes, Math.max(leastProbeRate, probes / seconds));
  return {
    ...control,
    phase: 'steady',
    rate,
    burst: 1,
    epoch: control.epoch + 1,
    window: { ...moment, allowed: 0, heldMs: 0 },
    grownMs: 0,
    // What other workers told late was taken before the storm: it must not end it.
    streak: { ...streak, storm: true, accepted: streak.storm ? streak.accepted : moment.accepted },
  };
}

/** Grows back once something is taken again, and ends as it was before the storm. */
export function afterStorm(control: RateControl, streak: Streak, openMs: number): RateControl {
  const { accepted, window } = control;
  // What was on its way at the last refusal was counted as taken, and is not any more.
  const base = Math.min(window.accepted, accepted);
  const next = { ...control, window: { ...window, accepted: base } };
  if (accepted === base) return next;
  const { before } = streak;
  const grownMs = control.grownMs + openMs;
  const rate = Math.max(control.rate, before.rate * firstPart * 2 ** (grownMs / doublingMs));
  if (rate < before.rate) return { ...next, rate, grownMs };
  const begun = { at: control.at, accepted, allowed: 0, heldMs: 0 };
  return { ...next, ...before, window: begun, streak: undefined };
}
