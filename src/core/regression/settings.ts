import { AssayError, type Problem } from '../errors/assay-error.js';
import type { ComparisonInput, GateEvaluator, GrowthGate } from './types.js';

/** What a comparison is made with, every default filled in. */
export interface ComparisonSettings {
  readonly alpha: number;
  readonly power: number;
  /** Share of a score's scale. */
  readonly margin: number;
  readonly confidence: number;
  readonly resamples: number;
  readonly seed: number;
  readonly mostClusters: number;
  readonly missing: 'worst' | 'exclude';
}

/** The loss that is accepted where none is named: 2 points of 100. */
export const defaultMargin = 0.02;
/** The chance of calling an unchanged head worse where none is named. */
export const defaultAlpha = 0.05;

/**
 * Checks and completes what a comparison was asked for.
 *
 * @throws AssayError GATE_INVALID with every problem: a margin of 0 or below (no sample can show a loss of exactly nothing, so
 *   such a gate never passes), an impossible α, scale or number of resamples, a score named twice, nothing to compare.
 */
export function comparisonSettings(input: ComparisonInput): ComparisonSettings {
  const alpha = input.alpha ?? defaultAlpha;
  const { resamples = 9_999, seed = 1, mostClusters = 5_000 } = input.bootstrap ?? {};
  const settings: ComparisonSettings = {
    alpha,
    power: input.power ?? 0.8,
    margin: input.margin ?? defaultMargin,
    confidence: 1 - 2 * alpha,
    resamples,
    seed,
    mostClusters,
    missing: input.missing ?? 'worst',
  };
  const problems = [...settingProblems(settings), ...partProblems(input)];
  if (problems.length > 0) {
    throw new AssayError('GATE_INVALID', 'The gate cannot be used as it is.', { problems });
  }
  return settings;
}

function settingProblems(settings: ComparisonSettings): readonly Problem[] {
  const { alpha, power, margin, resamples, seed, mostClusters } = settings;
  return [
    ...unless(alpha > 0 && alpha < 0.5, {
      at: 'alpha',
      message: `${alpha} is not between 0 and 0.5.`,
      mend: 'Use 0.05.',
    }),
    ...unless(power > 0.5 && power < 1, {
      at: 'power',
      message: `${power} is not between 0.5 and 1.`,
      mend: 'Use 0.8.',
    }),
    ...marginProblems('margin', margin),
    ...unless(Number.isSafeInteger(resamples) && resamples >= 999 && resamples <= 1_000_000, {
      at: 'bootstrap.resamples',
      message: `${resamples} is no whole number from 999 to 1,000,000.`,
    }),
    ...unless(Number.isSafeInteger(seed), {
      at: 'bootstrap.seed',
      message: 'It is no whole number.',
    }),
    ...unless(mostClusters >= 0, {
      at: 'bootstrap.mostClusters',
      message: 'It is no number of clusters.',
    }),
  ];
}

function partProblems(input: ComparisonInput): readonly Problem[] {
  const names = input.evaluators.map(({ name }) => name);
  const growth = [
    ...growthProblems('cost', input.cost),
    ...growthProblems('latency', input.latency),
  ];
  const nothing = names.length === 0 && input.cost === undefined && input.latency === undefined;
  const required = [...input.evaluators, input.cost, input.latency].some(
    (part) => part !== undefined && part.required !== false,
  );
  const keys = (input.slices ?? []).map(({ key }) => key);
  return [
    ...unless(nothing || required, {
      at: 'evaluators',
      message: 'Nothing is required, so that nothing could be decided.',
      mend: 'Make at least one part required.',
    }),
    ...unless(!nothing, {
      at: 'evaluators',
      message: 'There is nothing to compare.',
      mend: 'Name at least one score.',
    }),
    ...repeated(names).map((name) => ({
      at: `evaluators.${name}`,
      message: 'The score is named twice.',
    })),
    ...repeated(keys).map((key) => ({ at: `slices.${key}`, message: 'The field is named twice.' })),
    ...input.evaluators.flatMap(evaluatorProblems),
    ...growth,
  ];
}

function evaluatorProblems(evaluator: GateEvaluator): readonly Problem[] {
  const { name, margin, scale, better, measure } = evaluator;
  const at = `evaluators.${name}`;
  const width = scale === undefined ? Infinity : scale.max - scale.min;
  return [
    ...(margin === undefined ? [] : marginProblems(`${at}.margin`, margin)),
    ...unless(width > 0, { at: `${at}.scale`, message: 'Its end is not above its start.' }),
    ...unless(margin === undefined || !(width > 0) || margin < width, {
      at: `${at}.margin`,
      message: 'It is as wide as the scale, so that any loss would pass.',
    }),
    ...unless(!(better === 'lower' && measure === 'passed'), {
      at: `${at}.better`,
      message: 'Of passes more are better.',
      mend: 'Compare the value, or leave `better` out.',
    }),
  ];
}

function growthProblems(at: string, gate: GrowthGate | undefined): readonly Problem[] {
  return gate === undefined ? [] : marginProblems(`${at}.margin`, gate.margin);
}

function marginProblems(at: string, margin: number): readonly Problem[] {
  if (margin > 0 && margin < Infinity) return [];
  const message =
    margin === 0
      ? 'A margin of 0 can be shown by no sample: such a gate never passes.'
      : `${margin} is no loss: a margin is a number above 0.`;
  return [{ at, message, mend: `Name the loss that you would accept, such as ${defaultMargin}.` }];
}

function unless(right: boolean, problem: Problem): readonly Problem[] {
  return right ? [] : [problem];
}

function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
}
