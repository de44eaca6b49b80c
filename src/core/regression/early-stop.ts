/**
 * Ends a run when its verdict is settled. Cells run in seeded random order, so those that have ended are a random sample without
 * replacement of all: at every look the difference over the whole run is bounded, and the run may stop once neither bound
 * leaves another verdict at its end. All state is plain JSON.
 */
import { count, figure } from '../report/figures.js';
import { observe, startSequence, type SequenceState } from '../statistics/confidence-sequence.js';
import type { Interval } from '../statistics/interval.js';
import { studentTQuantile } from '../statistics/student-t.js';
import type { Verdict } from './types.js';
import type { EarlyStop, Settled } from './stopped.js';
import { signed } from './verdict.js';

/** One score whose verdict is awaited. */
export interface SettlingPlan {
  readonly name: string;
  /** Cells of the whole run whose items the base has scored. */
  readonly cells: number;
  /** Clusters that they are in: items, or values of the cluster field. At least 2. */
  readonly clusters: number;
  /** Cells of the largest cluster: its values may all be alike. */
  readonly largestCluster: number;
  /** Width of the score's scale: d lies in [−range, range]. */
  readonly range: number;
  readonly margin: number;
  /** As in the comparison. Default 0.05. */
  readonly alpha?: number;
  /** How many required parts decide the run; each is given its share of α for a regression, and of `error`. Default 1. */
  readonly parts?: number;
  /** The chance that any verdict is settled otherwise than the whole run would have settled it. Default 0.01. */
  readonly error?: number;
}

/** What is known of a score while the run goes on. */
export interface SettlingState {
  readonly plan: Required<SettlingPlan>;
  readonly lower: SequenceState;
  readonly upper: SequenceState;
  readonly square: SequenceState;
}

/**
 * One cell: head − base's mean of its item, with higher better. A cell without a score lies somewhere between the worst and
 * the best value that it could have had.
 */
export type SettlingCell = number | { readonly worst: number; readonly best: number };

/** @throws RangeError where there are no cells or fewer than two clusters. */
export function startSettling(plan: SettlingPlan): SettlingState {
  if (!(plan.clusters >= 2)) throw new RangeError('there are fewer than two clusters');
  const full = { alpha: 0.05, parts: 1, error: 0.01, ...plan };
  const sequence = (): SequenceState => startSequence(plan.cells, full.error / full.parts / 3);
  return { plan: full, lower: sequence(), upper: sequence(), square: sequence() };
}

/**
 * Takes the next cells *in the order in which the run was to run them*: a cell that ended before an earlier one must wait for
 * it, since fast answers are not a random sample.
 *
 * @throws RangeError for a difference outside the scale, and for more cells than were planned.
 */
export function observeCells(state: SettlingState, cells: readonly SettlingCell[]): SettlingState {
  const { range } = state.plan;
  const ends = cells.map((cell) => (typeof cell === 'number' ? { worst: cell, best: cell } : cell));
  const share = (d: number): number => (d / range + 1) / 2;
  return {
    plan: state.plan,
    lower: observe(
      state.lower,
      ends.map(({ worst }) => share(worst)),
    ),
    upper: observe(
      state.upper,
      ends.map(({ best }) => 1 - share(best)),
    ),
    // A lower bound of the mean of 1 − (d/range)² is an upper bound of the mean square.
    square: observe(
      state.square,
      ends.map(({ worst, best }) => 1 - Math.max((worst / range) ** 2, (best / range) ** 2)),
    ),
  };
}

/**
 * The verdict, where it is settled: a pass once the lower bound less the widest possible half width is above −margin, a
 * regression once the upper bound plus it is below 0. A regression is tested at α ÷ parts, as Holm's first step would.
 *
 * The chance of a false regression is at most that of the whole run plus `error`.
 */
export function settled(state: SettlingState): Settled | undefined {
  const { margin, alpha, parts, cells } = state.plan;
  const { low, high } = boundsOf(state);
  const pass = low - halfWidthOf(state, alpha) > -margin;
  const worse = !pass && high + halfWidthOf(state, alpha / parts) < 0;
  if (!pass && !worse) return undefined;
  return {
    verdict: pass ? 'pass' : 'regress',
    low,
    high,
    halfWidth: halfWidthOf(state, pass ? alpha : alpha / parts),
    cells: state.lower.n,
    planned: cells,
  };
}

/** The t interval's half width over the whole run at most, if all cells of a cluster were alike. */
function halfWidthOf({ plan, square }: SettlingState, alpha: number): number {
  const { range, cells, clusters, largestCluster } = plan;
  const meanSquare = Math.max(0, 1 - square.low) * range * range;
  const error = Math.sqrt((meanSquare * largestCluster) / cells);
  return studentTQuantile(1 - alpha, clusters - 1) * error;
}

/**
 * The verdict of the run, where it is settled: `regress` once any part's is, `pass` once all are.
 *
 * @param states of all required scores, each with the same number of `parts`.
 * @param others whether anything else decides the run (cost, latency, guarded slices): then it cannot pass early.
 */
export function settledRun(
  states: readonly SettlingState[],
  others: boolean,
): EarlyStop | undefined {
  const parts = states.flatMap((state) => {
    const found = settled(state);
    return found === undefined ? [] : [{ name: state.plan.name, ...found }];
  });
  const worse = parts.filter(({ verdict }) => verdict === 'regress');
  const all = parts.length === states.length && states.length > 0 && !others;
  const verdict: Exclude<Verdict, 'inconclusive'> | undefined =
    worse.length > 0 ? 'regress' : all ? 'pass' : undefined;
  if (verdict === undefined) return undefined;
  const decisive = verdict === 'regress' ? worse : parts;
  const cells = Math.max(...states.map(({ lower }) => lower.n));
  const planned = Math.max(...states.map(({ plan }) => plan.cells));
  const told = decisive.map(
    ({ name, low, high }) =>
      `${name} over all cells lies between ${signed(low)} and ${signed(high)}`,
  );
  return {
    verdict,
    cells,
    planned,
    saved: planned - cells,
    reason: `Settled after ${count(cells)} of ${count(planned)} cells, which saved ${figure((100 * (planned - cells)) / planned)} %: ${told.join('; ')}.`,
    parts,
    bounds: states.map((state) => ({ name: state.plan.name, interval: boundsOf(state) })),
  };
}

/** Each end is wrong with `error` ÷ parts ÷ 3 at most; the last third is the spread's. */
function boundsOf({ plan, lower, upper }: SettlingState): Interval {
  const { range, error, parts } = plan;
  return {
    low: (2 * lower.low - 1) * range,
    high: (1 - 2 * upper.low) * range,
    confidence: 1 - (2 * error) / parts / 3,
  };
}
