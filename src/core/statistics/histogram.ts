import { quantileOfSorted } from './quantile.js';

/** One bar: values in [from, to), in the last bar [from, to]. */
export interface HistogramBin {
  readonly from: number;
  readonly to: number;
  readonly n: number;
}

/**
 * Counts values in bins between ascending edges, as numpy.histogram does: each bin holds its lower edge, the
 * last one both. Values outside all edges are in no bin.
 *
 * @throws RangeError for fewer than two edges or edges that do not ascend.
 */
export function histogramOf(
  values: Iterable<number>,
  edges: readonly number[],
): readonly HistogramBin[] {
  const bins = edges.slice(1).map((to, i) => ({ from: edges[i] ?? to, to, n: 0 }));
  if (bins.length === 0 || bins.some((bin) => !(bin.from < bin.to))) {
    throw new RangeError('edges must be at least two and ascend');
  }
  for (const value of values) {
    const place = upperBound(edges, value) - 1;
    const bin = bins[value === edges.at(-1) ? bins.length - 1 : place];
    if (bin !== undefined) bin.n += 1;
  }
  return bins;
}

/** How many edges are not above the value. */
function upperBound(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((edges[middle] ?? Infinity) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Edges for the bars of a score that people read: ten tenths where all values lie in [0, 1] (so that two runs
 * have the same bars), one bar per whole number for ratings such as 1 to 5, else round widths, 5 to 11 bars
 * from the 1st to the 99th percentile with the rest in the outer bars.
 *
 * @param sorted ascending, finite numbers; at least one.
 */
export function scoreEdges(sorted: ArrayLike<number>): readonly number[] {
  const min = sorted[0];
  const max = sorted[sorted.length - 1];
  if (min === undefined || max === undefined) throw new RangeError('there is no value');
  const whole = Array.prototype.every.call(sorted, Number.isInteger);
  if (whole && max - min <= 20 && max - min >= 2) return range(min, max + 1, 1);
  if (min >= 0 && max <= 1) return range(0, 10, 1).map((tenth) => tenth / 10);
  if (min === max) return [min, nextAbove(min)];
  // Beyond this a round edge outside the values, or their difference, would be infinite.
  if (max > largest || min < -largest) return [min, max];
  return outerEdges(sorted, { min, max, bars: 8 });
}

/**
 * Edges for the bars of an amount with a long tail, such as a latency or a cost: about 16 to 22 bars of a round width from the
 * 1st to the 99th percentile, with the rest in the outer bars.
 *
 * @param sorted ascending, finite numbers; at least one.
 */
export function amountEdges(sorted: ArrayLike<number>): readonly number[] {
  const min = sorted[0];
  const max = sorted[sorted.length - 1];
  if (min === undefined || max === undefined) throw new RangeError('there is no value');
  if (min === max) return [min, nextAbove(min)];
  if (max > largest || min < -largest) return [min, max];
  return outerEdges(sorted, { min, max, bars: 16 });
}

const largest = Number.MAX_VALUE / 8;

function outerEdges(
  sorted: ArrayLike<number>,
  ends: { readonly min: number; readonly max: number; readonly bars: number },
): readonly number[] {
  const { min, max, bars } = ends;
  const low = quantileOfSorted(sorted, 0.01) ?? min;
  const high = quantileOfSorted(sorted, 0.99) ?? max;
  const [from, to] = high > low ? [low, high] : [min, max];
  const width = roundWidth((to - from) / bars);
  const first = Math.floor(from / width);
  const last = Math.max(first + 1, Math.ceil(to / width));
  // Spreads near the ends of what doubles hold have no round width: their edges are the values themselves.
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last)) return [min, max];
  const edges = range(first, last, 1).map((step) => Number((step * width).toPrecision(12)));
  const lowest = Math.min(min, edges[0] ?? min);
  const highest = Math.max(max, edges.at(-1) ?? max);
  const inner = edges
    .slice(1, -1)
    .filter((edge, i, all) => edge > lowest && edge < highest && edge !== all[i - 1]);
  return [lowest, ...inner, highest];
}

/** The next of 1, 2 or 5 times a power of ten. */
function roundWidth(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((step) => step * power >= rough) ?? 10);
}

function range(from: number, to: number, step: number): readonly number[] {
  return Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);
}

function nextAbove(value: number): number {
  return value + Math.max(Math.abs(value) * 1e-6, Number.MIN_VALUE);
}
