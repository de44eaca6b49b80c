const suffix = '.abstained';

/** The name of the score by which a judge says that it abstains. */
export function abstentionName(evaluator: string): string {
  return `${evaluator}${suffix}`;
}

/** Whether a score says that its evaluator abstained, and so is no score of the output. */
export function isAbstention(score: {
  readonly name: string;
  readonly evaluator: string;
}): boolean {
  return score.name === abstentionName(score.evaluator);
}
