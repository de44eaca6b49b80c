import type { JudgeMark, ScoreRecord } from '../../contracts/records.js';
import type { ModelIdentity } from '../../contracts/manifest.js';
import { abstentionName } from '../../core/experiment/abstention.js';
import { cut, scoreComment } from '../score-text.js';
import type { CriterionVerdict, Verdict } from './verdict.js';

/** How verdicts of one judge become scores. */
export interface Scoring {
  readonly name: string;
  readonly passAt: number;
  readonly minDecided: number;
  readonly mark: JudgeMark;
}

export function judgeMark({ provider, model }: ModelIdentity, prompt: string): JudgeMark {
  return { model: `${provider}/${model}`, prompt };
}

/** The names of the scores that a judge may give. */
export const judgeScoreNames = (name: string): readonly string[] => [name, abstentionName(name)];

/**
 * A verdict as the score of a cell: the share of decided criteria that passed. Where too few are decided the judge abstains.
 */
export function verdictScore(verdict: Verdict, scoring: Scoring): ScoreRecord {
  const { name, passAt, minDecided, mark } = scoring;
  const of = (decision: CriterionVerdict['decision']): readonly string[] =>
    verdict.criteria.filter((each) => each.decision === decision).map(({ criterion }) => criterion);
  const [passed, failed, undecided] = [of('passed'), of('failed'), of('cannot_tell')];
  const decided = passed.length + failed.length;
  const comment = {
    ...scoreComment({
      reasoning: reasoningOf(verdict),
      passed,
      failed,
      suggestions: verdict.suggestions,
    }),
    ...(undecided.length === 0 ? {} : { undecided_items: undecided.map((text) => cut(text)) }),
    judge: mark,
  };
  // 0.1 * 3 > 0.3 in binary: a share that is meant to be equal must do.
  if (decided === 0 || decided / verdict.criteria.length < minDecided - 1e-9) {
    return abstention({ name, comment });
  }
  const score = passed.length / decided;
  return {
    name,
    evaluator: name,
    value: { type: 'NUMERIC', value: score },
    passed: score >= passAt - 1e-9,
    comment: { ...comment, score },
  };
}

/**
 * That a judge abstains: no score of its name, but one that says so, which passes nothing and fails nothing. It is counted,
 * published and taken over like any other.
 */
export function abstention(of: {
  readonly name: string;
  readonly comment: NonNullable<ScoreRecord['comment']>;
}): ScoreRecord {
  const { name, comment } = of;
  return {
    name: abstentionName(name),
    evaluator: name,
    value: { type: 'BOOLEAN', value: true },
    comment,
  };
}

/** The abstention of a judge that was not asked, since what it judges by is not there. */
export function unasked(reasoning: string, { name, mark }: Pick<Scoring, 'name' | 'mark'>) {
  return abstention({ name, comment: { ...scoreComment({ reasoning }), judge: mark } });
}

const decisionText = { passed: 'Passed', failed: 'Failed', cannot_tell: 'Cannot tell' } as const;

const reasoningOf = ({ criteria }: Verdict): string =>
  criteria
    .map(
      ({ decision, reasoning }, at) =>
        `${at + 1}. ${decisionText[decision]}: ${cut(reasoning, 500)}`,
    )
    .join('\n');
