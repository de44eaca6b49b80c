import type { Alignment } from './align.js';
import type { ComparisonContext, SlicePlan } from './comparison-context.js';
import { figuresOf, type ScoreShape } from './figures.js';
import type { PairedItems } from './paired-items.js';
import type { SliceComparison, SliceField } from './types.js';
import { decide, type DecisionRule } from './verdict.js';

/** Beyond this many values a field tells items apart, not kinds of items. */
const mostValues = 50;

/** Finds the slices of a field. */
export function planSlices(field: SliceField, alignment: Alignment): SlicePlan {
  const counts = new Map<string, number>();
  let without = 0;
  const valueOf = alignment.ids.map((id) => {
    const value = field.valueOf(id);
    if (value === undefined) without += 1;
    else counts.set(value, (counts.get(value) ?? 0) + 1);
    return value;
  });
  const values = [...counts]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, mostValues)
    .map(([value]) => value);
  const places = new Map(values.map((value, place) => [value, place]));
  return {
    summary: {
      key: field.key,
      guard: field.guard ?? true,
      unknown: counts.size === 0,
      values: counts.size,
      compared: values.length,
      itemsWithoutValue: without,
    },
    values,
    of: Int32Array.from(valueOf, (value) => (value === undefined ? -1 : (places.get(value) ?? -1))),
  };
}

/** Compares one score in each slice of each field. */
export function sliceComparisons(of: {
  readonly pairs: PairedItems;
  readonly shape: ScoreShape;
  readonly rule: DecisionRule;
  readonly context: ComparisonContext;
}): readonly SliceComparison[] {
  const { pairs, shape, rule, context } = of;
  return context.slices.flatMap((plan) => {
    const parts = splitBy(pairs, plan);
    return plan.values.map((value, place) => {
      const figures = figuresOf(parts[place] ?? emptyPairs, shape, context.settings);
      const { key, guard } = plan.summary;
      return { ...figures, key, value, guard, ...decide(figures, rule) };
    });
  });
}

const emptyPairs: PairedItems = {
  places: new Uint32Array(),
  base: new Float64Array(),
  head: new Float64Array(),
  d: new Float64Array(),
  cluster: new Uint32Array(),
  baseCells: 0,
  headCells: 0,
  singleBinary: false,
};

function splitBy(pairs: PairedItems, plan: SlicePlan): readonly PairedItems[] {
  const members: number[][] = plan.values.map(() => []);
  for (const [i, place] of pairs.places.entries()) members[plan.of[place] ?? -1]?.push(i);
  return members.map((chosen) => subset(pairs, chosen));
}

function subset(pairs: PairedItems, chosen: readonly number[]): PairedItems {
  const share = pairs.d.length === 0 ? 0 : chosen.length / pairs.d.length;
  const numbers = (values: Float64Array): Float64Array =>
    Float64Array.from(chosen, (i) => values[i] ?? 0);
  const whole = (values: Uint32Array): Uint32Array =>
    Uint32Array.from(chosen, (i) => values[i] ?? 0);
  return {
    places: whole(pairs.places),
    base: numbers(pairs.base),
    head: numbers(pairs.head),
    d: numbers(pairs.d),
    cluster: whole(pairs.cluster),
    baseCells: Math.round(pairs.baseCells * share),
    headCells: Math.round(pairs.headCells * share),
    singleBinary: pairs.singleBinary,
  };
}
