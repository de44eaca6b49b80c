import { count } from '../report/figures.js';
import { holmAdjusted, type WeightedHypothesis } from '../statistics/holm.js';
import type { ComparisonSettings } from './settings.js';
import type {
  Comparison,
  ComparisonTest,
  EvaluatorComparison,
  GrowthComparison,
  ReasonCode,
  SliceComparison,
  Verdict,
} from './types.js';
import { pSaid } from './verdict.js';

type Parts = Pick<Comparison, 'items' | 'cluster' | 'slices' | 'evaluators' | 'growth'>;
type Decided = Pick<Comparison, 'verdict' | 'reasons' | 'evaluators' | 'growth'>;

/**
 * The verdict of the run: `pass` if every required part passes (no correction is due: Berger 1982, intersection-union tests),
 * `regress` if any does after Holm over all that decides, else `inconclusive`. In Holm's family each required
 * evaluator and each required growth weighs 1, and the guarded slices of one evaluator 1 together.
 */
export function runVerdict(parts: Parts, { alpha }: ComparisonSettings): Decided {
  const adjusted = adjust(parts, alpha);
  const deciding = [
    ...adjusted.evaluators.filter(({ required }) => required).map((of) => ({ ...of, at: of.name })),
    ...adjusted.growth.filter(({ required }) => required).map((of) => ({ ...of, at: of.what })),
  ];
  const guarded = adjusted.evaluators
    .filter(({ required }) => required)
    .flatMap(({ name, slices }) =>
      slices
        .filter(({ guard }) => guard)
        .map((of) => ({ ...of, at: `${name} where ${of.key} is ${of.value}` })),
    );
  const problems = problemsOf(parts);
  const tell = (verdict: Verdict): readonly string[] =>
    deciding.filter((of) => of.verdict === verdict).map(({ at, reason }) => `${at}: ${reason}`);
  const worse = [...deciding, ...guarded]
    .filter(({ verdict }) => verdict === 'regress')
    .map(({ at, reason }) => `${at}: ${reason}`);
  const open = [...problems, ...tell('inconclusive')];
  const verdict = worse.length > 0 ? 'regress' : open.length > 0 ? 'inconclusive' : 'pass';
  return { ...adjusted, verdict, reasons: [...worse, ...open, ...tell('pass')] };
}

/** What keeps a run from passing whatever its scores are. */
function problemsOf({ items, cluster, slices }: Parts): readonly string[] {
  if (items.common === 0) {
    return [
      `The runs have no item in common (base ${count(items.base)}, head ${count(items.head)}).`,
    ];
  }
  return [
    ...(cluster?.unknown === true
      ? [`No common item has a value of "${cluster.key}", by which items were to be clustered.`]
      : []),
    ...slices
      .filter(({ guard, unknown }) => guard && unknown)
      .map(({ key }) => `No common item has a value of "${key}", whose slices were to be guarded.`),
  ];
}

interface Member extends WeightedHypothesis {
  readonly part: object;
}

function adjust(parts: Parts, alpha: number): Pick<Comparison, 'evaluators' | 'growth'> {
  const members = family(parts);
  const adjusted = holmAdjusted(members);
  const of = new Map(members.map(({ part }, i) => [part, adjusted[i] ?? 1]));
  const after = <Part extends Decidable>(part: Part): Part => {
    const p = of.get(part);
    return p === undefined ? part : afterHolm(part, p, alpha);
  };
  return {
    evaluators: parts.evaluators.map((evaluator): EvaluatorComparison => ({
      ...after(evaluator),
      slices: evaluator.slices.map(after),
    })),
    growth: parts.growth.map(after),
  };
}

// A part without a test stays in the family with p = 1: whether it can be tested must not decide how strict the others are.
function family({ evaluators, growth }: Parts): readonly Member[] {
  const required = evaluators.filter((evaluator) => evaluator.required);
  const member = (part: Decidable, weight: number): Member => ({
    part,
    p: part.test?.p ?? 1,
    weight,
  });
  return [
    ...required.map((evaluator) => member(evaluator, 1)),
    ...growth.filter((of) => of.required).map((of) => member(of, 1)),
    ...required.flatMap(({ slices }) => {
      const guarded = slices.filter(({ guard }) => guard);
      return guarded.map((slice) => member(slice, 1 / guarded.length));
    }),
  ];
}

type Decidable = (EvaluatorComparison | SliceComparison | GrowthComparison) & {
  readonly test: ComparisonTest | null;
  readonly verdict: Verdict;
  readonly code: ReasonCode;
  readonly reason: string;
};

function afterHolm<Part extends Decidable>(part: Part, pAdjusted: number, alpha: number): Part {
  if (part.test === null) return part;
  const tested = { ...part, test: { ...part.test, pAdjusted } };
  if (part.verdict !== 'regress' || pAdjusted <= alpha) return tested;
  return {
    ...tested,
    verdict: 'inconclusive',
    code: 'not_after_holm',
    reason: `Alone it would count as worse (${pSaid(part.test.p)}), among all that decides it does not (after Holm ${pSaid(pAdjusted)}). ${part.reason}`,
  };
}
