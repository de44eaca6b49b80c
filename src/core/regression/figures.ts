import { bcaInterval, bcaP, bootstrapMeans } from '../statistics/bca.js';
import { mcnemarExact } from '../statistics/binomial.js';
import {
  clusteredEstimate,
  clusteredInterval,
  effectiveClusters,
  type ClusteredEstimate,
} from '../statistics/clustered-t.js';
import { ClusteredMean, meanInterval, proportionInterval } from '../statistics/clustered.js';
import { hull, type Interval } from '../statistics/interval.js';
import { mcnemarDetectableLoss } from '../statistics/mcnemar-power.js';
import { tangoInterval } from '../statistics/paired-proportions.js';
import { detectableLoss, itemsForMargin } from '../statistics/power.js';
import { studentTCdf } from '../statistics/student-t.js';
import { tiesInterval, tiesP } from '../statistics/ties.js';
import { clusterSums, type PairedItems } from './paired-items.js';
import type { ComparisonSettings } from './settings.js';
import { tiesTest } from './ties-test.js';
import type { ComparisonFigures, ComparisonTest, SideSummary } from './types.js';

/** What is known of a score beside its values. */
export interface ScoreShape {
  readonly binary: boolean;
  readonly scale: { readonly min: number; readonly max: number } | null;
  readonly margin: number;
}

/** All figures of the difference over these items; Holm's p is filled in where the run is decided. */
export function figuresOf(
  pairs: PairedItems,
  shape: ScoreShape,
  settings: ComparisonSettings,
): ComparisonFigures {
  const sums = clusterSums(pairs.d, pairs.cluster);
  const frame = {
    items: pairs.d.length,
    clusters: sums.sums.length,
    effectiveClusters: effectiveClusters(sums.sizes),
    changedClusters: changedClusters(pairs, sums.sums),
    changes: changesOf(pairs.d),
    base: sideOf(pairs.base, pairs.baseCells, { pairs, shape }),
    head: sideOf(pairs.head, pairs.headCells, { pairs, shape }),
  };
  if (frame.items === 0) return { ...frame, ...nothing };
  const estimate = clusteredEstimate(sums);
  const { standardError: se } = estimate;
  if (pairs.singleBinary && shape.binary)
    return { ...frame, ...binaryFigures(frame, shape, settings) };
  if (se === undefined) return { ...frame, ...nothing, estimate: estimate.estimate };
  if (se <= 1e-12 * largest(pairs.d)) {
    return {
      ...frame,
      ...tiedFigures({ ...estimate, clusters: frame.effectiveClusters }, shape, settings),
    };
  }
  const t = tTest(estimate, se, settings);
  const means =
    frame.clusters <= settings.mostClusters ? bootstrapMeans(sums, settings) : undefined;
  const bca = means === undefined ? undefined : bcaInterval(means, settings.confidence);
  const interval = bca === undefined ? t.interval : hull(t.interval, bca);
  const widened = interval.high - t.interval.high;
  const p = means === undefined || bca === undefined ? t.p : Math.max(t.p, bcaP(means));
  const spread = { standardError: se, df: estimate.df, ...settings };
  return {
    ...frame,
    estimate: estimate.estimate,
    interval,
    method: bca === undefined ? 't' : 't+bca',
    intervals: { t: t.interval, bca: bca ?? null },
    test: {
      name: bca === undefined ? 't' : 't+bca',
      statistic: t.statistic,
      df: estimate.df,
      p,
      pTwoSided: t.pTwoSided,
      pAdjusted: null,
    },
    mde: detectableLoss({ ...spread, margin: shape.margin }) + widened,
    itemsNeeded: itemsForMargin({ ...spread, margin: shape.margin, items: frame.items }),
  };
}

const nothing = {
  estimate: null,
  interval: null,
  method: null,
  intervals: { t: null, bca: null },
  test: null,
  mde: null,
  itemsNeeded: null,
} as const;

type Found = Pick<
  ComparisonFigures,
  'estimate' | 'interval' | 'method' | 'intervals' | 'test' | 'mde' | 'itemsNeeded'
>;
type Frame = Pick<ComparisonFigures, 'items' | 'clusters' | 'changes'>;

function binaryFigures(frame: Frame, shape: ScoreShape, settings: ComparisonSettings): Found {
  const { items: n, changes } = frame;
  const { alpha, power, confidence } = settings;
  // One change of each kind is added, so that few or no changes do not read as no spread (Bonett and Price 2012).
  const changing = (changes.better + changes.worse + 2) / (n + 2);
  const spread = { standardError: Math.sqrt(changing / n), df: Infinity, alpha, power };
  const measured = { ...spread, margin: shape.margin };
  const found = mcnemarDetectableLoss({ n, changing, alpha, power });
  return {
    estimate: (changes.better - changes.worse) / n,
    interval: tangoInterval({ ...changes, n, confidence }) ?? null,
    method: 'tango',
    intervals: { t: null, bca: null },
    test: { name: 'mcnemar', statistic: null, df: null, ...mcnemarExact(changes), pAdjusted: null },
    mde: found === undefined ? null : Math.max(found, detectableLoss(measured)),
    itemsNeeded: itemsForMargin({ ...measured, items: n }),
  };
}

function tiedFigures(
  { estimate, clusters }: ClusteredEstimate,
  { scale }: ScoreShape,
  { confidence }: ComparisonSettings,
): Found {
  if (scale === null) return { ...nothing, estimate };
  const ties = { value: estimate, clusters, range: scale.max - scale.min };
  return {
    ...nothing,
    estimate,
    interval: tiesInterval({ ...ties, confidence }),
    method: 'ties',
    // Without it a loss of everything, everywhere, would have an interval below 0 and be no regression.
    test: tiesTest(tiesP(ties), tiesP({ ...ties, value: -estimate })),
  };
}

function tTest(
  of: ClusteredEstimate,
  standardError: number,
  { confidence }: ComparisonSettings,
): { readonly interval: Interval } & Pick<ComparisonTest, 'p' | 'pTwoSided'> & {
    readonly statistic: number;
  } {
  const statistic = of.estimate / standardError;
  const interval = clusteredInterval(of, confidence) ?? { low: 0, high: 0, confidence };
  return {
    interval,
    statistic,
    p: studentTCdf(statistic, of.df),
    pTwoSided: 2 * studentTCdf(-Math.abs(statistic), of.df),
  };
}

function changesOf(d: Float64Array): ComparisonFigures['changes'] {
  let better = 0;
  let worse = 0;
  for (const value of d) {
    if (value > 0) better += 1;
    else if (value < 0) worse += 1;
  }
  return { better, worse, same: d.length - better - worse };
}

/** Sums of which rounding alone is left are those of clusters whose changes cancel out. */
function changedClusters({ d, cluster }: PairedItems, sums: Float64Array): number {
  const sizes = clusterSums(d.map(Math.abs), cluster).sums;
  return sums.reduce((n, sum, c) => n + Number(Math.abs(sum) > 1e-12 * (sizes[c] ?? 0)), 0);
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** Each item has the same weight, that of an item's mean number of cells: so head less base is the estimate. */
function sideOf(
  means: Float64Array,
  cells: number,
  { pairs, shape }: { readonly pairs: PairedItems; readonly shape: ScoreShape },
): SideSummary | null {
  if (means.length === 0) return null;
  const perItem = cells / means.length;
  const { sums, sizes } = clusterSums(means, pairs.cluster);
  const side = new ClusteredMean();
  for (const [c, size] of sizes.entries()) {
    side.addCluster(size * perItem, (sums[c] ?? 0) * perItem);
  }
  const summary = side.summary();
  const interval = shape.binary ? proportionInterval(summary) : meanInterval(summary);
  return { mean: summary.mean ?? 0, interval: interval ?? null, cells };
}
