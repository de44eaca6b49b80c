import { compareRuns } from '../../src/core/regression/compare.js';
import type { BenchContext, Measured, Measurement } from '../engine/measurement.js';
import { even, itemsOf, rate, scoresOf, similarity, type Load, type Scorer } from './load.js';
import { compareLoad, eachRun, nullRuns } from './null-runs.js';
import { drawsOf } from './random.js';

const score = 'score';

interface PowerLoad {
  readonly load: Load;
  /** The scorer that loses this much on average. */
  readonly losing: (loss: number) => Scorer;
}

// A rate loses by failing that share of all cells that would have passed, and half-changes stay as they are.
const losingRate =
  (loss: number): Scorer =>
  (item, side, draws) => {
    const passes = draws.uniform() < flat;
    const fails = draws.uniform() < (side === 'head' ? loss / flat : 0);
    return passes && !fails && item.ease > 0;
  };
const flat = 0.85;
const losingSimilarity =
  (loss: number): Scorer =>
  (item, side, draws) =>
    Number(similarity(item, side, draws)) - (side === 'head' ? loss : 0);

const loads: readonly PowerLoad[] = [
  {
    load: { name: 'power rate', clusters: even(200), repetitions: 1, scorers: { score: rate } },
    losing: losingRate,
  },
  {
    load: {
      name: 'power similarity',
      clusters: even(100),
      repetitions: 1,
      scorers: { score: similarity },
    },
    losing: losingSimilarity,
  },
  {
    load: {
      name: 'power clustered',
      clusters: even(30, 5),
      repetitions: 1,
      scorers: { score: similarity },
      clusterSd: 0.03,
    },
    losing: losingSimilarity,
  },
];

/**
 * How often a loss of exactly the size is found that the comparison of an unchanged pair called detectable. Each run draws a
 * pair without a difference, takes its `mde`, and then another pair that differs by it; the value is that of the worst world.
 */
export const powerAtMde: Measurement = {
  figures: { powerAtMde: { unit: 'of runs', goal: { atLeast: 0.78 } } },
  minutes: 2,
  measure: async (context) => {
    const parts: Record<string, number> = {};
    for (const load of loads) parts[load.load.name] = await powerOf(load, context);
    const measured: Measured = { value: Math.min(...Object.values(parts)), parts };
    return { powerAtMde: measured };
  },
};

async function powerOf({ load, losing }: PowerLoad, context: BenchContext): Promise<number> {
  const world = { ...load, scorers: { [score]: losing(0) } };
  let found = 0;
  await eachRun(nullRuns, context, (run) => {
    const mde = compareLoad(world, run).evaluators[0]?.mde ?? 0;
    const draws = drawsOf(`${load.name} with a loss`, run);
    const lossy = { ...load, scorers: { [score]: losing(mde) } };
    const of = { load: lossy, items: itemsOf(load, draws), draws };
    const clusters = new Map(of.items.map(({ id, cluster }) => [id, cluster]));
    const { verdict } = compareRuns({
      base: scoresOf(of, 'base'),
      head: scoresOf(of, 'head'),
      evaluators: [{ name: score }],
      cluster: { key: 'cluster', of: (id) => clusters.get(id) },
    });
    if (verdict === 'regress') found += 1;
  });
  context.log(`${load.name}: ${found} of ${nullRuns} losses found`);
  return found / nullRuns;
}
