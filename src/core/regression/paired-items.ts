import type { ClusterSums } from '../statistics/clustered-t.js';
import type { Alignment } from './align.js';
import type { ItemSums } from './run-scores.js';

/** Items with a score on both sides, in the order of the alignment. */
export interface PairedItems {
  /** Places in the alignment. */
  readonly places: Uint32Array;
  /** Means over repetitions, in the units of the score. */
  readonly base: Float64Array;
  readonly head: Float64Array;
  readonly baseCells: number;
  readonly headCells: number;
  /** head − base with higher better. */
  readonly d: Float64Array;
  readonly cluster: Uint32Array;
  /** Each value is one cell's 0 or 1, and no two items share a cluster: what McNemar's test is about. */
  readonly singleBinary: boolean;
}

/** The two sides of one score. */
export interface Sides {
  readonly base: ItemSums;
  readonly head: ItemSums;
  readonly better: 'higher' | 'lower';
}

/** Pairs the items at these places of the alignment; all must be scored on both sides. */
export function pairItems(alignment: Alignment, sides: Sides, places: Uint32Array): PairedItems {
  const base = new Float64Array(places.length);
  const head = new Float64Array(places.length);
  const d = new Float64Array(places.length);
  const cluster = new Uint32Array(places.length);
  const sign = sides.better === 'higher' ? 1 : -1;
  let baseCells = 0;
  let headCells = 0;
  let single = sides.base.binary && sides.head.binary;
  const seen = new Set<number>();
  for (let i = 0; i < places.length; i += 1) {
    const place = places[i] ?? 0;
    const [b, h] = [alignment.base[place] ?? 0, alignment.head[place] ?? 0];
    const [bn, hn] = [sides.base.n[b] ?? 0, sides.head.n[h] ?? 0];
    baseCells += bn;
    headCells += hn;
    base[i] = (sides.base.sum[b] ?? 0) / bn;
    head[i] = (sides.head.sum[h] ?? 0) / hn;
    d[i] = sign * difference(head[i] ?? 0, base[i] ?? 0);
    const key = alignment.cluster[place] ?? 0;
    cluster[i] = key;
    if (bn !== 1 || hn !== 1) single = false;
    if (single && alignment.clustered) {
      if (seen.has(key)) single = false;
      seen.add(key);
    }
  }
  return { places, base, head, baseCells, headCells, d, cluster, singleBinary: single };
}

/** The sums of values by cluster, clusters in order of their first item. */
export function clusterSums(values: Float64Array, cluster: Uint32Array): ClusterSums {
  const order = new Map<number, number>();
  const of = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i += 1) {
    const key = cluster[i] ?? 0;
    let place = order.get(key);
    if (place === undefined) {
      place = order.size;
      order.set(key, place);
    }
    of[i] = place;
  }
  const sums = new Float64Array(order.size);
  const sizes = new Float64Array(order.size);
  for (let i = 0; i < values.length; i += 1) {
    const place = of[i] ?? 0;
    sums[place] = (sums[place] ?? 0) + (values[i] ?? 0);
    sizes[place] = (sizes[place] ?? 0) + 1;
  }
  return { sums, sizes };
}

/** Means of the same values, added in another order, differ in the last digit: that is no change. */
function difference(head: number, base: number): number {
  const found = head - base;
  return Math.abs(found) <= 1e-12 * (Math.abs(head) + Math.abs(base)) ? 0 : found;
}
