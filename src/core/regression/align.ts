import type { RunScores } from './run-scores.js';
import type { IdList } from './types.js';

/** The items of two runs by id. */
export interface Alignment {
  /** Common ids, sorted by code units: every later step goes by this order, so that none depends on the order of the runs. */
  readonly ids: readonly string[];
  /** Places of the common items in each run. */
  readonly base: Uint32Array;
  readonly head: Uint32Array;
  /** Which cluster each common item is in; numbered from 0 by first appearance. */
  readonly cluster: Uint32Array;
  /** Common items without a value of the cluster field. */
  readonly unclustered: number;
  /** Whether items may share a cluster. */
  readonly clustered: boolean;
  readonly added: IdList;
  readonly missing: IdList;
}

const mostListed = 1_000;

/** Sorted, the first of them by name. */
export function idList(ids: readonly string[]): IdList {
  return { n: ids.length, ids: [...ids].sort(byCodeUnits).slice(0, mostListed) };
}

/** Aligns the runs by item id. */
export function align(
  runs: { readonly base: RunScores; readonly head: RunScores },
  clusterOf: ((itemId: string) => string | undefined) | undefined,
): Alignment {
  const basePlaces = placesOf(runs.base.items);
  const headPlaces = placesOf(runs.head.items);
  const ids = runs.base.items.filter((id) => headPlaces.has(id)).sort(byCodeUnits);
  const { cluster, unclustered } = clustersOf(ids, clusterOf);
  return {
    ids,
    base: Uint32Array.from(ids, (id) => basePlaces.get(id) ?? 0),
    head: Uint32Array.from(ids, (id) => headPlaces.get(id) ?? 0),
    cluster,
    unclustered,
    clustered: clusterOf !== undefined,
    added: idList(runs.head.items.filter((id) => !basePlaces.has(id))),
    missing: idList(runs.base.items.filter((id) => !headPlaces.has(id))),
  };
}

function placesOf(items: readonly string[]): ReadonlyMap<string, number> {
  return new Map(items.map((id, place) => [id, place]));
}

function clustersOf(
  ids: readonly string[],
  clusterOf: ((itemId: string) => string | undefined) | undefined,
): { readonly cluster: Uint32Array; readonly unclustered: number } {
  const known = new Map<string, number>();
  let next = 0;
  let unclustered = 0;
  const cluster = Uint32Array.from(ids, (id) => {
    const key = clusterOf?.(id);
    if (key === undefined) {
      unclustered += 1;
      next += 1;
      return next - 1;
    }
    const place = known.get(key);
    if (place !== undefined) return place;
    known.set(key, next);
    next += 1;
    return next - 1;
  });
  return { cluster, unclustered };
}

// Not by locale: the order decides which clusters a seed draws, and must be the same on every machine.
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
