import type { Priority } from '../../contracts/experiment-spec.js';
import type {
  GovernorLine,
  GovernorMember,
  GovernorState,
  ProviderLimits,
} from '../../contracts/governor-state.js';
import { fleetRate, newRateControl, observe } from './rate-control.js';
import { divide, divideSlots } from './shares.js';

/** What a worker tells about one key: demand and counts since it began (sent twice, they count once). */
export interface Report {
  readonly member: string;
  readonly leaseMs: number;
  readonly lines: readonly {
    readonly project: string;
    readonly priority: Priority;
    readonly wanted: number;
    readonly slotsWanted: number;
    readonly slotsInUse: number;
  }[];
  readonly limits?: ProviderLimits | undefined;
  /** Slots of the whole fleet by another truth than `limits`: a run's concurrency. */
  readonly slots?: number | undefined;
  readonly backlogged: boolean;
  readonly accepted: number;
  readonly refused: number;
  readonly answered: number;
  readonly refusal?:
    { readonly epoch: number; readonly agoMs: number; readonly sentAfter: number } | undefined;
  /** The provider asked everybody to wait so long from now. */
  readonly holdMs: number;
  readonly told?: ProviderLimits | undefined;
}

/** What the worker may do until its lease is over. */
export interface Grant {
  readonly epoch: number;
  readonly perSecond: number;
  /** Requests at once; below one where the fleet has fewer than workers. */
  readonly burst: number;
  /** The parts of the fleet up to this worker's, itself included: where it stands when all begin anew. */
  readonly upTo: number;
  readonly tokensPerSecond: number | undefined;
  /** Undefined: not limited. */
  readonly slots: number | undefined;
  /** From now. */
  readonly holdMs: number;
  readonly answeredAgoMs: number | undefined;
  /** Others want what this worker has: it should ask again soon. */
  readonly contended: boolean;
}

/** How long one asked-for wait is believed; then the provider is asked again. */
export const longestHoldMs = 24 * 3_600_000;
/** Ties of slots go round so often. */
const turnMs = 2_000;

/** The state of a key that nobody has used. */
export function newState(now: number): GovernorState {
  return { members: {}, rate: newRateControl(now), notBefore: 0, answeredAt: 0 };
}

/**
 * One worker's exchange with the fleet over one key: its report goes in, its grant comes out. Pure, so that it can be computed
 * from what was read and written back only where nobody wrote meanwhile.
 *
 * Slots: nobody is given one that another lease still holds, so their sum never exceeds the limit but for cells that already
 * run when it is lowered, or whose worker lost its lease and came back. Rates: a newcomer gets its fair share at
 * once, while the others learn of it with their next exchange; after that shares only grow into what is free.
 *
 * @param now in milliseconds by Postgres' clock.
 */
export function exchange(
  before: GovernorState,
  report: Report,
  now: number,
): { readonly state: GovernorState; readonly grant: Grant } {
  const known = before.members[report.member];
  const others = Object.entries(before.members).filter(
    ([id, member]) => id !== report.member && member.until > now,
  );
  const notBefore = Math.max(
    before.notBefore,
    report.holdMs > 0 ? now + Math.min(report.holdMs, longestHoldMs) : 0,
  );
  const answered = Math.max(0, report.answered - (known?.answered ?? 0));
  const rate = observe(before.rate, {
    now,
    accepted: report.accepted - (known?.accepted ?? 0),
    answered,
    backlogged: report.backlogged || others.some(([, member]) => member.backlogged),
    heldUntil: before.notBefore,
    refusal: refusalOf(report, before.rate.epoch, now),
    told: report.told,
  });
  const limits = leastLimits([report.limits, ...others.map(([, member]) => member.limits)]);
  const slots = report.slots ?? limits?.concurrency;
  const fleet = fleetRate(rate, limits, now);
  const { perSecond } = fleet;
  const parts = shareOut(report, { known, others, perSecond, slots, now });
  const lines = parts.map(({ line }) => line);
  const member: GovernorMember = {
    until: now + report.leaseMs,
    lines,
    ...(report.limits === undefined ? {} : { limits: report.limits }),
    backlogged: report.backlogged,
    accepted: report.accepted,
    refused: report.refused,
    answered: report.answered,
  };
  const state: GovernorState = {
    members: Object.fromEntries([...others, [report.member, member]]),
    rate,
    notBefore,
    answeredAt: answered > 0 ? now : before.answeredAt,
  };
  const share = sum(lines.map((line) => line.share));
  return {
    state,
    grant: {
      epoch: rate.epoch,
      perSecond: fleet.perSecond * share,
      burst: fleet.burst * share,
      upTo: upTo(report.member, others, share),
      tokensPerSecond:
        fleet.tokensPerSecond === undefined ? undefined : fleet.tokensPerSecond * share,
      slots: slots === undefined ? undefined : sum(parts.map(({ mayUse }) => mayUse)),
      holdMs: Math.max(0, notBefore - now),
      answeredAgoMs: state.answeredAt === 0 ? undefined : Math.max(0, now - state.answeredAt),
      contended: others.length > 0 && slots !== undefined,
    },
  };
}

/** The state without a worker that ends: what it held is free at once. */
export function withoutMember(state: GovernorState, member: string): GovernorState {
  const { [member]: _gone, ...members } = state.members;
  return { ...state, members };
}

function upTo(
  member: string,
  others: readonly (readonly [string, GovernorMember])[],
  share: number,
): number {
  const before = others.filter(([id]) => id < member).flatMap(([, { lines }]) => lines);
  return Math.min(1, share + sum(before.map((line) => line.share)));
}

function refusalOf(
  report: Report,
  epoch: number,
  now: number,
): { at: number; sentAfter: number } | undefined {
  const { refusal } = report;
  // Requests that left before their worker knew of the last change tell nothing about it.
  if (refusal === undefined || refusal.epoch !== epoch) return undefined;
  return { at: now - refusal.agoMs, sentAfter: refusal.sentAfter };
}

interface Fleet {
  readonly known: GovernorMember | undefined;
  readonly others: readonly (readonly [string, GovernorMember])[];
  readonly perSecond: number;
  readonly slots: number | undefined;
  readonly now: number;
}

interface Part {
  readonly line: GovernorLine;
  /** Of its slots, those that may be taken again when they come free; the others belong to somebody else then. */
  readonly mayUse: number;
}

function shareOut(report: Report, fleet: Fleet): readonly Part[] {
  const mine = report.lines.map((line) => ({ ...line, member: report.member }));
  // Everybody divides in the same order, whoever asks.
  const all = [
    ...fleet.others.flatMap(([member, { lines }]) => lines.map((line) => ({ ...line, member }))),
    ...mine,
  ].sort((a, b) => compare(a.member, b.member));
  const rates = divide(fleet.perSecond, all);
  const turn = Math.floor(fleet.now / turnMs);
  const wanted = all.map((line) => ({ ...line, wanted: line.slotsWanted }));
  const whole =
    fleet.slots === undefined ? undefined : divideSlots(Math.floor(fleet.slots), wanted, turn);
  const othersLines = fleet.others.flatMap(([, { lines }]) => lines);
  let freeShare = 1 - sum(othersLines.map((line) => line.share));
  let freeSlots = (fleet.slots ?? 0) - sum(othersLines.map((line) => line.slots));
  return mine.map((line) => {
    const at = all.indexOf(line);
    const fair = (rates[at] ?? 0) / fleet.perSecond;
    // A worker's first share comes at once; later ones grow into what others have let go.
    const share = fleet.known === undefined ? fair : Math.min(fair, Math.max(0, freeShare));
    freeShare -= share;
    const mayUse = Math.min(whole?.[at] ?? 0, Math.max(0, freeSlots));
    const slots = Math.max(line.slotsInUse, mayUse);
    freeSlots -= slots;
    const { project, priority, wanted: rate, slotsWanted } = line;
    return { line: { project, priority, wanted: rate, share, slotsWanted, slots }, mayUse };
  });
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0);

/** The smallest of each limit that any of them names; undefined where none is given. */
export function leastLimits(
  all: readonly (ProviderLimits | undefined)[],
): ProviderLimits | undefined {
  const given = all.filter((each) => each !== undefined);
  if (given.length === 0) return undefined;
  const least = (name: keyof ProviderLimits): number | undefined => {
    const numbers = given.flatMap((each) => each[name] ?? []);
    return numbers.length === 0 ? undefined : Math.min(...numbers);
  };
  return {
    requestsPerMinute: least('requestsPerMinute'),
    tokensPerMinute: least('tokensPerMinute'),
    concurrency: least('concurrency'),
  };
}
