import { figure } from '../report/figures.js';
import { abstentions } from './abstentions.js';
import type { ComparisonContext } from './comparison-context.js';
import { figuresOf, type ScoreShape } from './figures.js';
import { missingCells, withMissing } from './missing-cells.js';
import { pairItems, type Sides } from './paired-items.js';
import type { RunScores, ScoreColumn } from './run-scores.js';
import type { ComparisonSettings } from './settings.js';
import { scoredPlaces } from './scored-places.js';
import { sliceComparisons } from './slices.js';
import type { EvaluatorComparison, GateEvaluator, IdList } from './types.js';
import { decide, inconclusive, type Decision, type DecisionRule } from './verdict.js';

/** Compares one score of two runs. */
export function compareEvaluator(
  evaluator: GateEvaluator,
  context: ComparisonContext,
): EvaluatorComparison {
  const read = readScore(evaluator, context);
  if ('verdict' in read) return unreadable(evaluator, { decision: read, context });
  const { sides, shape, measure } = read;
  const places = scoredPlaces(context.alignment, sides);
  const pairs = pairItems(context.alignment, sides, places.both);
  const figures = figuresOf(pairs, shape, context.settings);
  const rule: DecisionRule = {
    margin: shape.margin,
    alpha: context.settings.alpha,
    power: context.settings.power,
    range: rangeOf(shape),
  };
  const decision = decide(figures, rule);
  const absent = missingCells(context, sides);
  return {
    ...figures,
    ...head(evaluator, sides.better),
    kind: shape.binary ? 'rate' : 'number',
    measure,
    scale: shape.scale,
    margin: shape.margin,
    ...withMissing(decision, { name: evaluator.name, absent, sides, shape, rule, context }),
    unscored: places.unscored,
    headCellsMissing: absent.head,
    baseCellsMissing: absent.base,
    slices: sliceComparisons({ pairs, shape, rule, context }),
  };
}

/** Both sides of a score, and what of it is compared on which scale. */
export interface ReadScore {
  readonly sides: Sides;
  readonly shape: ScoreShape;
  readonly measure: 'value' | 'passed';
}

/** Finds what of a score can be compared; a decision where nothing can. */
export function readScore(
  evaluator: GateEvaluator,
  context: {
    readonly base: RunScores;
    readonly head: RunScores;
    readonly settings: Pick<ComparisonSettings, 'margin'>;
  },
): ReadScore | Decision {
  const base = context.base.scores.get(evaluator.name);
  const top = context.head.scores.get(evaluator.name);
  if (base === undefined || top === undefined) return absentScore(evaluator, context);
  const types = [...new Set([...base.types, ...top.types])];
  if (types.length > 1) {
    return inconclusive(
      'mixed_types',
      `Its scores are of several types (base: ${base.types.join(', ')}; head: ${top.types.join(', ')}): they are not comparable.`,
    );
  }
  const measure = evaluator.measure ?? defaultMeasure(evaluator, { base, head: top });
  const [b, h] = measure === 'passed' ? [base.passes, top.passes] : [base.values, top.values];
  if (b === null || h === null) {
    return inconclusive(
      'not_a_number',
      measure === 'passed'
        ? 'Its scores do not say whether they passed.'
        : 'Its labels have no order: give each a number, or let the evaluator say which of them pass.',
    );
  }
  const better = measure === 'passed' ? 'higher' : (evaluator.better ?? 'higher');
  const sides = { base: b, head: h, better } as const;
  const shape = shapeOf(evaluator, { sides, measure, margin: context.settings.margin });
  return 'verdict' in shape ? shape : { sides, shape, measure };
}

function absentScore(
  { name }: GateEvaluator,
  { base, head: top }: Pick<ComparisonContext, 'base' | 'head'>,
): Decision {
  const [inBase, inHead] = [base.scores.has(name), top.scores.has(name)];
  const where =
    inBase === inHead
      ? 'Neither run has'
      : inBase
        ? 'Head does not have'
        : 'The base does not have';
  const abstained = [
    ...(inHead ? [] : abstentions(name, { of: 'head', run: top })),
    ...(inBase ? [] : abstentions(name, { of: 'the base', run: base })),
  ];
  const why = abstained.length === 0 ? '' : `: its judge abstained ${abstained.join(' and ')}`;
  return inconclusive('no_scores', `${where} this score${why}.`);
}

function defaultMeasure(
  { better }: GateEvaluator,
  columns: { readonly base: ScoreColumn; readonly head: ScoreColumn },
): 'value' | 'passed' {
  const { base, head: top } = columns;
  const passes = base.passes !== null && top.passes !== null;
  const [type] = base.types;
  if (type === 'NUMERIC') return 'value';
  if (type === 'BOOLEAN') return passes && better !== 'lower' ? 'passed' : 'value';
  return base.values !== null && top.values !== null ? 'value' : 'passed';
}

function shapeOf(
  { scale, margin, unbounded = false }: GateEvaluator,
  of: {
    readonly sides: Sides;
    readonly measure: 'value' | 'passed';
    readonly margin: number;
  },
): ScoreShape | Decision {
  const { base, head: top } = of.sides;
  const min = Math.min(base.min, top.min);
  const max = Math.max(base.max, top.max);
  const binary = base.binary && top.binary;
  if (scale !== undefined && of.measure === 'value') {
    if (min < scale.min || max > scale.max) {
      return inconclusive(
        'outside_scale',
        `Its values reach from ${figure(min)} to ${figure(max)}, its scale from ${figure(scale.min)} to ${figure(scale.max)}.`,
      );
    }
    // On another scale a 0 or 1 is a value like any other: 20 ratings of 0 say nothing about one of 10.
    const rate = binary && scale.min === 0 && scale.max === 1;
    return { binary: rate, scale, margin: margin ?? of.margin * (scale.max - scale.min) };
  }
  // A margin of a scale's width or more tells that the score is not on this one.
  const fits = min >= 0 && max <= 1 && (margin ?? of.margin) < 1;
  const isUnit = fits && !(unbounded && of.measure === 'value');
  const unit = isUnit ? { min: 0, max: 1 } : null;
  if (unit === null && margin === undefined) {
    return inconclusive(
      'margin_needed',
      `Its values reach from ${figure(min)} to ${figure(max)}: name its scale, or the loss that is acceptable.`,
    );
  }
  return { binary: binary && unit !== null, scale: unit, margin: margin ?? of.margin };
}

function rangeOf({ scale }: ScoreShape): number | null {
  return scale === null ? null : scale.max - scale.min;
}

function head(
  { name, required }: GateEvaluator,
  better: 'higher' | 'lower',
): Pick<EvaluatorComparison, 'name' | 'required' | 'better'> {
  return { name, required: required ?? true, better };
}

function unreadable(
  evaluator: GateEvaluator,
  of: { readonly decision: Decision; readonly context: ComparisonContext },
): EvaluatorComparison {
  const empty: IdList = { n: 0, ids: [] };
  return {
    ...head(evaluator, evaluator.better ?? 'higher'),
    kind: null,
    measure: null,
    scale: null,
    margin: evaluator.margin ?? null,
    ...of.decision,
    items: 0,
    clusters: 0,
    effectiveClusters: 0,
    changedClusters: 0,
    changes: { better: 0, worse: 0, same: 0 },
    base: null,
    head: null,
    estimate: null,
    interval: null,
    method: null,
    intervals: { t: null, bca: null },
    test: null,
    mde: null,
    itemsNeeded: null,
    unscored: { base: empty, head: empty, both: of.context.alignment.ids.length },
    headCellsMissing: 0,
    baseCellsMissing: 0,
    slices: [],
  };
}
