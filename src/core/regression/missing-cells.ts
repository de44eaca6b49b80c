import { counted, figure } from '../report/figures.js';
import { abstentions } from './abstentions.js';
import type { ComparisonContext } from './comparison-context.js';
import { figuresOf, type ScoreShape } from './figures.js';
import { pairItems, type Sides } from './paired-items.js';
import type { ItemSums, RunScores } from './run-scores.js';
import { scoredPlaces } from './scored-places.js';
import { decide, inconclusive, type Decision, type DecisionRule } from './verdict.js';

/** Cells of each side without a value, of items of which the other side has some. */
export interface MissingCells {
  readonly base: number;
  readonly head: number;
}

/** Calls back for each item with what a side lacks; items that neither side has scored are told elsewhere and have nothing to lose. */
function eachMissing(
  { base, head, alignment }: ComparisonContext,
  sides: Pick<Sides, 'base' | 'head'>,
  missing: (side: 'base' | 'head', item: number, cells: number) => void,
): void {
  const lacking = (run: RunScores, of: ItemSums, item: number): number =>
    Math.max(0, (run.planned[item] ?? 0) - (of.n[item] ?? 0));
  for (let place = 0; place < alignment.ids.length; place += 1) {
    const [b, h] = [alignment.base[place] ?? 0, alignment.head[place] ?? 0];
    if ((sides.base.n[b] ?? 0) > 0) missing('head', h, lacking(head, sides.head, h));
    if ((sides.head.n[h] ?? 0) > 0) missing('base', b, lacking(base, sides.base, b));
  }
}

/** Counts them. */
export function missingCells(
  context: ComparisonContext,
  sides: Pick<Sides, 'base' | 'head'>,
): MissingCells {
  const found = { base: 0, head: 0 };
  eachMissing(context, sides, (side, _, cells) => {
    found[side] += cells;
  });
  return found;
}

/**
 * A head that fails where it would have done badly must not pass on the rest, nor one that does badly where the base happened
 * to have no score: the pass must hold with the worst value in each cell that is missing in head and the best in each that is
 * missing in the base (the worst-case bound of Manski 1989, "Anatomy of the Selection Problem").
 */
export function withMissing(
  decision: Decision,
  of: {
    readonly name: string;
    readonly absent: MissingCells;
    readonly sides: Sides;
    readonly shape: ScoreShape;
    readonly rule: DecisionRule;
    readonly context: ComparisonContext;
  },
): Decision {
  const { name, absent, sides, shape, rule, context } = of;
  const none = absent.base === 0 && absent.head === 0;
  if (decision.verdict !== 'pass' || none || context.settings.missing === 'exclude') {
    return decision;
  }
  const code = absent.head > 0 ? 'missing_in_head' : 'missing_in_base';
  const { scale } = shape;
  const why = abstained(name, { absent, context });
  if (scale === null) {
    const reason = `${capitalised(lacking(absent))}, and without a scale nobody knows what was lost there.${why}`;
    return inconclusive(code, reason);
  }
  const ends = [scale.min, scale.max] as const;
  const [worst, best] = sides.better === 'higher' ? ends : [ends[1], ends[0]];
  const filled = filledWith({ base: best, head: worst }, context, sides);
  const pairs = pairItems(context.alignment, filled, scoredPlaces(context.alignment, filled).both);
  if (decide(figuresOf(pairs, shape, context.settings), rule).verdict === 'pass') return decision;
  const values = [
    ...(absent.head > 0 ? [`${figure(worst)} in each that head lacks`] : []),
    ...(absent.base > 0 ? [`${figure(best)} in each that the base lacks`] : []),
  ];
  const reason = `It passes in the cells that were scored, but ${lacking(absent)}: with ${values.join(' and ')} it would not (${counted(pairs.d.length, 'item')}).${why}`;
  return inconclusive(code, reason);
}

function abstained(
  name: string,
  { absent, context }: { readonly absent: MissingCells; readonly context: ComparisonContext },
): string {
  const told = [
    ...(absent.head > 0 ? abstentions(name, { of: 'head', run: context.head }) : []),
    ...(absent.base > 0 ? abstentions(name, { of: 'the base', run: context.base }) : []),
  ];
  return told.length === 0 ? '' : ` Its judge abstained ${told.join(' and ')}.`;
}

const capitalised = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

function lacking({ base, head }: MissingCells): string {
  const parts = [
    ...(head > 0
      ? [`head has no score in ${counted(head, 'cell')} of items that the base has scored`]
      : []),
    ...(base > 0
      ? [`the base has no score in ${counted(base, 'cell')} of items that head has scored`]
      : []),
  ];
  return parts.join(', and ');
}

function filledWith(
  values: { readonly base: number; readonly head: number },
  context: ComparisonContext,
  sides: Sides,
): Sides {
  const filled = {
    base: { ...sides.base, sum: sides.base.sum.slice(), n: sides.base.n.slice() },
    head: { ...sides.head, sum: sides.head.sum.slice(), n: sides.head.n.slice() },
  };
  eachMissing(context, sides, (side, item, cells) => {
    const { sum, n } = filled[side];
    sum[item] = (sum[item] ?? 0) + cells * values[side];
    n[item] = (n[item] ?? 0) + cells;
  });
  return { ...filled, better: sides.better };
}
