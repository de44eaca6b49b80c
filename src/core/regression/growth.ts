import { count, figure } from '../report/figures.js';
import { clusteredEstimate, clusteredInterval } from '../statistics/clustered-t.js';
import { fiellerRatio, type RatioEstimate } from '../statistics/fieller.js';
import { studentTCdf } from '../statistics/student-t.js';
import type { ComparisonContext } from './evaluator.js';
import { clusterSums, pairItems } from './paired-items.js';
import type { ItemSums } from './run-scores.js';
import type { ComparisonTest, GrowthComparison, GrowthGate } from './types.js';
import { inconclusive, pText, type Decision } from './verdict.js';

/**
 * Compares the cost or the latency of two runs by the ratio head ÷ base: pass if the upper end of its interval is below 1 +
 * margin, else regress if the lower end is above 1, else inconclusive.
 */
export function compareGrowth(
  { what, gate }: { readonly what: 'cost' | 'latency'; readonly gate: GrowthGate },
  context: ComparisonContext,
): GrowthComparison {
  const of = gate.of ?? (what === 'cost' ? 'mean' : 'geometric');
  const frame = { what, required: gate.required ?? true, of, margin: gate.margin };
  const [base, head] = [context.base[what], context.head[what]];
  const measured = measuredPlaces(context, { base, head });
  const empty = { ...frame, ...noFigures, unmeasured: measured.unmeasured };
  if (base === null || head === null || measured.both.length === 0) {
    const reason = `No common item has a known ${what} in both runs.`;
    return { ...empty, ...inconclusive('no_scores', reason) };
  }
  const pairs = pairItems(context.alignment, { base, head, better: 'lower' }, measured.both);
  const usable = of === 'mean' || positive(pairs.base, pairs.head);
  const sides =
    of === 'mean'
      ? { base: pairs.base, head: pairs.head }
      : { base: pairs.base.map(Math.log), head: pairs.head.map(Math.log) };
  const [b, h] = [clusterSums(sides.base, pairs.cluster), clusterSums(sides.head, pairs.cluster)];
  const counts = { ...empty, items: pairs.d.length, clusters: b.sums.length };
  const { confidence } = context.settings;
  const found = !usable
    ? undefined
    : of === 'mean'
      ? fiellerRatio({ base: b.sums, head: h.sums, sizes: b.sizes }, confidence)
      : geometricRatio({ base: b.sums, head: h.sums, sizes: b.sizes }, confidence);
  if (found === undefined) {
    const reason = `The ${what} of some items is 0, so that there is no ratio.`;
    return { ...counts, ...inconclusive('not_positive', reason) };
  }
  const total = (values: Float64Array): number => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return of === 'mean' ? mean : Math.exp(mean);
  };
  return {
    ...counts,
    base: total(sides.base),
    head: total(sides.head),
    ratio: found.ratio,
    interval: found.interval ?? null,
    test: testOf(found),
    ...decideGrowth(found, { ...frame, alpha: context.settings.alpha, clusters: b.sums.length }),
  };
}

const noFigures = {
  items: 0,
  clusters: 0,
  base: null,
  head: null,
  ratio: null,
  interval: null,
  test: null,
} as const;

function measuredPlaces(
  { alignment }: ComparisonContext,
  { base, head }: { readonly base: ItemSums | null; readonly head: ItemSums | null },
): { readonly both: Uint32Array; readonly unmeasured: GrowthComparison['unmeasured'] } {
  const both: number[] = [];
  const unmeasured = { base: 0, head: 0 };
  for (let place = 0; place < alignment.ids.length; place += 1) {
    const inBase = (base?.n[alignment.base[place] ?? 0] ?? 0) > 0;
    const inHead = (head?.n[alignment.head[place] ?? 0] ?? 0) > 0;
    if (inBase && inHead) both.push(place);
    if (!inBase) unmeasured.base += 1;
    if (!inHead) unmeasured.head += 1;
  }
  return { both: Uint32Array.from(both), unmeasured };
}

function positive(base: Float64Array, head: Float64Array): boolean {
  return base.every((value) => value > 0) && head.every((value) => value > 0);
}

/** Differences of logarithms, as a t interval of ratios; the geometric mean of the items' ratios. */
function geometricRatio(
  of: { readonly base: Float64Array; readonly head: Float64Array; readonly sizes: Float64Array },
  confidence: number,
): RatioEstimate {
  const sums = of.head.map((sum, c) => sum - (of.base[c] ?? 0));
  const found = clusteredEstimate({ sums, sizes: of.sizes });
  const interval = clusteredInterval(found, confidence);
  const t = found.estimate / (found.standardError ?? Number.NaN);
  return {
    ratio: Math.exp(found.estimate),
    interval:
      interval === undefined
        ? undefined
        : { low: Math.exp(interval.low), high: Math.exp(interval.high), confidence },
    test: Number.isFinite(t)
      ? {
          statistic: t,
          df: found.df,
          p: studentTCdf(-t, found.df),
          pTwoSided: 2 * studentTCdf(-Math.abs(t), found.df),
        }
      : undefined,
  };
}

function testOf({ test }: RatioEstimate): ComparisonTest | null {
  return test === undefined ? null : { name: 't', ...test, pAdjusted: null };
}

function decideGrowth(
  { ratio, interval, test }: RatioEstimate,
  by: {
    readonly what: string;
    readonly margin: number;
    readonly alpha: number;
    readonly clusters: number;
  },
): Decision {
  const { what, margin, alpha, clusters } = by;
  if (interval === undefined) {
    const reason =
      clusters < 2
        ? 'One item or cluster says nothing about others.'
        : `The ${what} of the base varies too much for a ratio.`;
    return inconclusive(clusters < 2 ? 'one_cluster' : 'not_enough_evidence', reason);
  }
  const said = `The ${what} is ${figure(ratio)} times that of the base (${figure(interval.low)} to ${figure(interval.high)})`;
  if (interval.high < 1 + margin) {
    const reason = `${said}, below the accepted ${figure(1 + margin)}.`;
    return { verdict: 'pass', code: 'within_margin', reason };
  }
  if (interval.low > 1 && (test === undefined || test.p <= alpha)) {
    const p = test === undefined ? '' : `, p = ${pText(test.p)}`;
    return { verdict: 'regress', code: 'worse', reason: `${said}, which is more${p}.` };
  }
  return inconclusive(
    'not_enough_evidence',
    `${said}: that neither excludes a growth to ${figure(1 + margin)} nor shows one (${count(clusters)} items or clusters).`,
  );
}
