import {
  clusteredEstimate,
  clusteredInterval,
  effectiveClusters,
} from '../statistics/clustered-t.js';
import { fiellerRatio, type RatioEstimate } from '../statistics/fieller.js';
import { studentTCdf } from '../statistics/student-t.js';
import type { ComparisonContext } from './comparison-context.js';
import { decideGrowth } from './growth-verdict.js';
import { clusterSums, pairItems } from './paired-items.js';
import { measuredPlaces } from './measured-places.js';
import { ratioTies } from './ratio-ties.js';
import type { ComparisonTest, GrowthComparison, GrowthGate } from './types.js';
import { inconclusive } from './verdict.js';

/**
 * Compares the cost or the latency of two runs by the ratio head ÷ base: pass if the upper end of its interval is below 1 +
 * margin, else regress if the lower end is above 1, else inconclusive. What was not seen is taken to double what an item takes,
 * since these have no scale that ends: where all ratios are equal, where few items differ, where cells were not measured.
 */
export function compareGrowth(
  { what, gate }: { readonly what: 'cost' | 'latency'; readonly gate: GrowthGate },
  context: ComparisonContext,
): GrowthComparison {
  const of = gate.of ?? (what === 'cost' ? 'mean' : 'geometric');
  const frame = { what, required: gate.required ?? true, of, margin: gate.margin };
  const [base, head] = [context.base[what], context.head[what]];
  const measured = measuredPlaces(context, { base, head });
  const { unmeasured, cellsMissing } = measured;
  const empty = { ...frame, ...noFigures, unmeasured, cellsMissing };
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
  const effective = effectiveClusters(b.sizes);
  const tied = ratioTies(
    { base: b.sums, head: h.sums, sizes: b.sizes },
    { ...found, of, effective, confidence },
  );
  const { ratio } = found;
  const interval = tied?.interval ?? found.interval ?? null;
  const total = (values: Float64Array): number => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return of === 'mean' ? mean : Math.exp(mean);
  };
  return {
    ...counts,
    base: total(sides.base),
    head: total(sides.head),
    ratio,
    interval,
    test: tied?.test ?? testOf(found),
    ...decideGrowth({
      ...counts,
      ratio,
      interval,
      p: (tied?.test ?? found.test)?.p ?? null,
      tied: tied !== undefined,
      effective,
      changed: clusterSums(pairs.d.map(Math.abs), pairs.cluster).sums.filter((sum) => sum > 0)
        .length,
      common: context.alignment.ids.length,
      unseen: context.settings.missing === 'worst' ? measured.unseen : 0,
      alpha: context.settings.alpha,
    }),
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
