import type { EvaluatorIdentity } from '../../contracts/manifest.js';
import type { AnchorReport, JudgeDrift, JudgeShare } from '../../contracts/report/anchors.js';
import { none } from './figure.js';
import { meanFigure, shareFigure } from './rates.js';

/** What a judge said of one anchor. */
export interface AnchorResult {
  readonly id: string;
  /** What people say of it. */
  readonly expected: boolean;
  readonly outcome: 'judged' | 'abstained' | 'error' | 'not_applicable';
  /** 0 to 1; null where it gave none. */
  readonly score: number | null;
  readonly passed: boolean | null;
  /** Why there is no score, where there is none. */
  readonly reason: string | null;
}

/** What one judge said of its anchors in one run, as it is kept. */
export interface AnchorRound {
  readonly evaluator: string;
  /** The pass that asked: 1 for the run itself. */
  readonly pass: number;
  /** `provider/model`. */
  readonly model: string;
  readonly prompt: string | null;
  /** sha256 of the anchors: only rounds of the same ones can be compared. */
  readonly anchorsHash: string;
  readonly calls: number;
  /** Decimal text; null where a price is unknown. In no cost of the run's cells. */
  readonly costDollars: string | null;
  readonly results: readonly AnchorResult[];
}

/** The rounds of a run. */
export interface AnchorDocument {
  readonly format: 'assay-anchors';
  readonly version: 1;
  readonly rounds: readonly AnchorRound[];
}

const mostListed = 20;

/** Sums a round up. */
export function anchorReport(round: AnchorRound, since: JudgeDrift | null): AnchorReport {
  const { evaluator, model, prompt, results, calls, costDollars } = round;
  const of = (outcome: AnchorResult['outcome']): number =>
    results.filter((each) => each.outcome === outcome).length;
  const judged = results.filter(isJudged);
  const why = nothingJudged(results);
  return {
    evaluator,
    model,
    prompt,
    planned: results.length,
    judged: judged.length,
    abstained: of('abstained'),
    errors: of('error'),
    notApplicable: of('not_applicable'),
    agreement: shareFigure(
      {
        successes: judged.filter(({ passed, expected }) => passed === expected).length,
        n: judged.length,
      },
      why,
    ),
    meanScore: meanFigure(
      judged.map(({ score }) => score),
      why,
    ),
    disagreements: judged
      .filter(({ passed, expected }) => passed !== expected)
      .map(({ id, expected, score }) => ({ id, expected, score })),
    missing: results
      .filter((each) => !isJudged(each))
      .slice(0, mostListed)
      .map(({ id, outcome, reason }) => ({ id, reason: reason ?? outcome.replaceAll('_', ' ') })),
    calls,
    costDollars,
    since,
  };
}

/**
 * What moved between two rounds of the same anchors. It is the judge: input, output and expectation of an anchor never change.
 *
 * @returns undefined where the anchors are others: then nothing is comparable.
 */
export function judgeDrift(
  before: AnchorRound & { readonly experiment: string },
  after: AnchorRound,
): JudgeDrift | undefined {
  if (before.anchorsHash !== after.anchorsHash || before.evaluator !== after.evaluator) {
    return undefined;
  }
  const then = new Map(before.results.filter(isJudged).map((each) => [each.id, each]));
  const pairs = after.results.filter(isJudged).flatMap((now) => {
    const was = then.get(now.id);
    return was === undefined ? [] : [{ was, now }];
  });
  const difference =
    pairs.length === 0
      ? none('no anchor was judged in both runs')
      : meanFigure(
          pairs.map(({ was, now }) => now.score - was.score),
          '',
        );
  return {
    experiment: before.experiment,
    sameJudge: before.model === after.model && before.prompt === after.prompt,
    difference,
    flips: pairs
      .filter(({ was, now }) => was.passed !== now.passed)
      .map(({ was, now }) => ({ id: now.id, before: was.passed, after: now.passed })),
  };
}

/**
 * What of a comparison of two runs is the judge, for each that was asked the same anchors in both. A round counts where it is of the
 * evaluator whose scores are compared: a run can have been judged again since its scores were pinned.
 */
export function judgeShares(
  base: JudgedRun & { readonly experiment: string },
  head: JudgedRun,
): readonly JudgeShare[] {
  const before = roundsOf(base);
  return roundsOf(head).flatMap((after): readonly JudgeShare[] => {
    const drift = before
      .map((each) => judgeDrift({ ...each, experiment: base.experiment }, after))
      .find((each) => each !== undefined);
    return drift === undefined ? [] : [{ evaluator: after.evaluator, ...drift }];
  });
}

/** What judges said of their anchors in a run, and the evaluators whose scores are meant. */
export interface JudgedRun {
  readonly evaluators: readonly EvaluatorIdentity[];
  readonly rounds: readonly AnchorRound[];
}

const roundsOf = ({ evaluators, rounds }: JudgedRun): readonly AnchorRound[] =>
  rounds.filter((round) =>
    evaluators.some((identity) => {
      const facts = judgeFacts(identity);
      return (
        facts.evaluator === round.evaluator &&
        facts.model === round.model &&
        facts.prompt === round.prompt
      );
    }),
  );

/** Which judge an evaluator is, as its rounds tell it. */
export const judgeFacts = ({
  name,
  options,
  judge,
}: EvaluatorIdentity): Pick<AnchorRound, 'evaluator' | 'model' | 'prompt'> => ({
  evaluator: name,
  model: judge === undefined ? '' : `${judge.model.provider}/${judge.model.model}`,
  prompt: typeof options['prompt'] === 'string' ? options['prompt'] : null,
});

type Judged = AnchorResult & { readonly score: number; readonly passed: boolean };
const isJudged = (result: AnchorResult): result is Judged =>
  result.outcome === 'judged' && result.score !== null && result.passed !== null;

function nothingJudged(results: readonly AnchorResult[]): string {
  const all = (outcome: AnchorResult['outcome']): boolean =>
    results.length > 0 && results.every((each) => each.outcome === outcome);
  if (all('abstained')) return `the judge abstained on all ${results.length} anchors`;
  if (all('error')) return `the judge failed on all ${results.length} anchors`;
  return 'no anchor was judged';
}
