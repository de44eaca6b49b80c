import type { EvaluatorFunction } from 'assay';

const steps = ['low', 'normal', 'high'];

const urgencyOf = (value: unknown): number => {
  const urgency = (value as { urgency?: unknown } | null | undefined)?.urgency;
  return typeof urgency === 'string' ? steps.indexOf(urgency) : -1;
};

/**
 * How far the urgency is off, in steps: calling a burning ticket "low" is worse than calling it "normal", which
 * exact_match cannot tell. 0 is right, 2 is as wrong as can be, and so is no urgency at all.
 */
export const urgencyDistance: EvaluatorFunction = ({ output, expected }) => {
  const wanted = urgencyOf(expected);
  if (wanted < 0) return undefined;
  const given = urgencyOf(output);
  const distance = given < 0 ? 2 : Math.abs(given - wanted);
  return {
    value: distance,
    passed: distance === 0,
    reasoning: `expected ${steps[wanted] ?? '?'}, got ${steps[given] ?? 'none'}`,
  };
};
