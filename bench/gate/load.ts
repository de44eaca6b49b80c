import { RunScoresBuilder, type RunScores } from '../../src/core/regression/run-scores.js';
import type { Draws } from './random.js';

/** One planned item: how hard it is decides the scores of both sides, so that they are paired as real ones are. */
export interface Item {
  readonly id: string;
  readonly cluster: string;
  /** In (0, 1): how well targets do on it. */
  readonly ease: number;
  /** What the cluster adds on the side of head and of the base, by the side's name. */
  readonly shift: Readonly<Record<'base' | 'head', number>>;
}

/** The score of one cell on one side. */
export type Scorer = (item: Item, side: 'base' | 'head', draws: Draws) => number | boolean;

/** A world of items and scorers without any true difference between the sides. */
export interface Load {
  readonly name: string;
  /** Items of each cluster. */
  readonly clusters: readonly number[];
  readonly repetitions: number;
  readonly scorers: Readonly<Record<string, Scorer>>;
  /** Standard deviation of what a cluster adds to each side. */
  readonly clusterSd?: number;
}

/** Items of one draw of the world. */
export function itemsOf(load: Load, draws: Draws): readonly Item[] {
  const sd = load.clusterSd ?? 0;
  return load.clusters.flatMap((size, c) => {
    const shift = { base: sd * draws.normal(), head: sd * draws.normal() };
    const common = sd * draws.normal();
    return Array.from({ length: size }, (_, i) => ({
      id: `item-${c}-${i}`,
      cluster: `cluster-${c}`,
      ease: 1 / (1 + Math.exp(-(1.5 + 1.3 * draws.normal() + 6 * common))),
      shift,
    }));
  });
}

/** The scores of one side. */
export function scoresOf(
  of: { readonly load: Load; readonly items: readonly Item[]; readonly draws: Draws },
  side: 'base' | 'head',
): RunScores {
  const builder = new RunScoresBuilder();
  const scorers = Object.entries(of.load.scorers);
  for (const item of of.items) {
    for (let repetition = 0; repetition < of.load.repetitions; repetition += 1) {
      builder.add({
        itemId: item.id,
        scores: scorers.map(([name, scorer]) => ({
          name,
          ...valueOf(scorer(item, side, of.draws)),
        })),
      });
    }
  }
  return builder.build();
}

function valueOf(value: number | boolean) {
  return typeof value === 'boolean'
    ? ({ value: { type: 'BOOLEAN', value }, passed: value } as const)
    : ({ value: { type: 'NUMERIC', value } } as const);
}

/** Whether a cell passes: by its item's ease and what its cluster adds. */
export const rate: Scorer = (item, side, draws) => draws.uniform() < item.ease + item.shift[side];

/** A judge's score with a long tail of bad answers. */
export const skewed: Scorer = (item, side, draws) => {
  const bad = draws.uniform() < 0.15 * (1.2 - item.ease);
  const good = 0.75 + 0.2 * item.ease - Math.abs(0.06 * draws.normal());
  return inside((bad ? 0.4 * draws.uniform() : good) + item.shift[side]);
};

/** A rating in quarters, as rubrics with four criteria give. */
export const quarters: Scorer = (item, side, draws) => {
  let passed = 0;
  for (let criterion = 0; criterion < 4; criterion += 1) {
    if (draws.uniform() < item.ease + item.shift[side]) passed += 1;
  }
  return passed / 4;
};

/** A similarity: near normal, away from the ends of its scale. */
export const similarity: Scorer = (item, side, draws) =>
  inside(0.45 + 0.2 * item.ease + 0.06 * draws.normal() + item.shift[side]);

function inside(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** As many clusters of as many items. */
export function even(clusters: number, size = 1): readonly number[] {
  return Array.from({ length: clusters }, () => size);
}
