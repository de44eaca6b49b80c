import { setImmediate } from 'node:timers/promises';

import { compareRuns } from '../../src/core/regression/compare.js';
import type { Comparison } from '../../src/core/regression/types.js';
import type { BenchContext, Measured, Measurement } from '../engine/measurement.js';
import {
  even,
  itemsOf,
  quarters,
  rate,
  scoresOf,
  similarity,
  skewed,
  type Item,
  type Load,
} from './load.js';
import { drawsOf } from './random.js';

/** How often each null world is drawn. */
export const nullRuns = 2_000;

const plain: readonly Load[] = [
  { name: 'rate 40', clusters: even(40), repetitions: 1, scorers: { rate } },
  { name: 'rate 200', clusters: even(200), repetitions: 1, scorers: { rate } },
  { name: 'rate 2000', clusters: even(2_000), repetitions: 1, scorers: { rate } },
  { name: 'skewed 100', clusters: even(100), repetitions: 1, scorers: { skewed } },
  { name: 'quarters 15', clusters: even(15), repetitions: 1, scorers: { quarters } },
  { name: 'quarters 60', clusters: even(60), repetitions: 1, scorers: { quarters } },
];

const uneven = [30, 25, 20, 15, 10, 10, 5, 5, 5, 5, 3, 3, 3, 2, 2, 2, 1, 1, 1, 1];

// Clusters that hold most of all items, and some that are just not too few to be judged by.
const dominated: readonly (readonly number[])[] = [
  [299, 1],
  [295, 1, 1, 1, 1, 1],
  [110, 50, 50, 50, 20, 20],
  [100, 100, ...even(100)],
];

const clustered: readonly Load[] = [
  { name: 'rate 50x10', clusters: even(50, 10), repetitions: 1, scorers: { rate }, clusterSd: 0.1 },
  {
    name: 'skewed 50x10',
    clusters: even(50, 10),
    repetitions: 1,
    scorers: { skewed },
    clusterSd: 0.05,
  },
  { name: 'repeated 50x10', clusters: even(50), repetitions: 10, scorers: { rate } },
  { name: 'uneven 20', clusters: uneven, repetitions: 1, scorers: { quarters }, clusterSd: 0.1 },
  ...dominated.map((clusters): Load => ({
    name: `dominated ${clusters[0]} of ${clusters.reduce((sum, size) => sum + size, 0)} in ${clusters.length}`,
    clusters,
    repetitions: 1,
    scorers: { quarters },
    clusterSd: 0.1,
  })),
];

const five: Load = {
  name: 'five scores',
  clusters: even(100),
  repetitions: 1,
  // Two of them see the same answers: their tests depend on each other.
  scorers: { rate, again: rate, skewed, quarters, similarity },
};

/** How often an unchanged head is called worse, in worlds of several kinds; the value is that of the worst. */
export const falseRegressions: Measurement = {
  figures: { falseRegression: { unit: 'of null runs', goal: { atMost: 0.06 } } },
  minutes: 3,
  measure: async (context) => ({ falseRegression: await worst(plain, context) }),
};

export const falseRegressionsClustered: Measurement = {
  figures: { falseRegressionClustered: { unit: 'of null runs', goal: { atMost: 0.06 } } },
  minutes: 3,
  measure: async (context) => ({ falseRegressionClustered: await worst(clustered, context) }),
};

export const falseRegressionsHolm: Measurement = {
  figures: { falseRegressionHolm: { unit: 'of null runs', goal: { atMost: 0.06 } } },
  minutes: 2,
  measure: async (context) => ({ falseRegressionHolm: await worst([five], context) }),
};

async function worst(loads: readonly Load[], context: BenchContext): Promise<Measured> {
  const parts: Record<string, number> = {};
  for (const load of loads) {
    let regressions = 0;
    await eachRun(nullRuns, context, (run) => {
      if (compareLoad(load, run).verdict === 'regress') regressions += 1;
    });
    parts[load.name] = regressions / nullRuns;
    context.log(`${load.name}: ${regressions} of ${nullRuns} null runs regress`);
  }
  return { value: Math.max(...Object.values(parts)), parts };
}

/** Draws both sides of a world and compares them. */
export function compareLoad(load: Load, run: number): Comparison {
  const draws = drawsOf(load.name, run);
  const items = itemsOf(load, draws);
  const world = { load, items, draws };
  return compareRuns({
    base: scoresOf(world, 'base'),
    head: scoresOf(world, 'head'),
    evaluators: Object.keys(load.scorers).map((name) => ({ name })),
    ...(load.clusters.some((size) => size > 1) ? { cluster: byCluster(items) } : {}),
  });
}

function byCluster(items: readonly Item[]): {
  readonly key: string;
  readonly of: (id: string) => string | undefined;
} {
  const clusters = new Map(items.map(({ id, cluster }) => [id, cluster]));
  return { key: 'cluster', of: (id) => clusters.get(id) };
}

/** Runs it so often, and lets Ctrl-C through. */
export async function eachRun(
  runs: number,
  { signal }: BenchContext,
  once: (run: number) => void,
): Promise<void> {
  for (let run = 0; run < runs; run += 1) {
    if (run % 20 === 0) {
      await setImmediate();
      signal.throwIfAborted();
    }
    once(run);
  }
}
