import {
  RunScoresBuilder,
  type CellScore,
  type RunScores,
} from '../../../../src/core/regression/run-scores.js';

/** A value of a cell; undefined for one that was planned and not scored. */
export type CellValue = number | boolean | string | undefined;

export const scoreName = 'quality';

/** A run of one score: an item per id, a cell per value. */
export function runOf(
  items: Readonly<Record<string, readonly CellValue[]>>,
  labels?: Readonly<Record<string, number>>,
): RunScores {
  const builder = new RunScoresBuilder(labels === undefined ? {} : { [scoreName]: labels });
  for (const [itemId, values] of Object.entries(items)) {
    for (const value of values) builder.add({ itemId, scores: scoresOf(value) });
  }
  return builder.build();
}

/** A run with one cell per item: `item-0`, `item-1`, … */
export function listOf(values: readonly CellValue[]): RunScores {
  return runOf(Object.fromEntries(values.map((value, i) => [`item-${i}`, [value]])));
}

function scoresOf(value: CellValue): readonly CellScore[] {
  if (value === undefined) return [];
  if (typeof value === 'number') return [{ name: scoreName, value: { type: 'NUMERIC', value } }];
  if (typeof value === 'string') {
    return [{ name: scoreName, value: { type: 'CATEGORICAL', value } }];
  }
  return [{ name: scoreName, value: { type: 'BOOLEAN', value }, passed: value }];
}

/** So many equal values. */
export function times<Value>(n: number, value: Value): readonly Value[] {
  return Array.from({ length: n }, () => value);
}

/** Values in [0, 1) that look random and are the same each time. */
export function noise(n: number, seed: number): readonly number[] {
  let state = seed;
  return Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}
