import type { EvaluatorIdentity } from '../../contracts/manifest.js';
import type { GateEvaluator } from '../regression/types.js';

/** What is known of an evaluator's score before any of its values is seen. */
interface ScoreFacts {
  readonly scale?: { readonly min: number; readonly max: number };
  /** What its values count, where nothing bounds them. */
  readonly unit?: string;
  readonly better?: 'lower';
  /** Whether it says if it passed. */
  readonly passes?: boolean;
}

/** Of the kinds whose values are not on 0 to 1; of code nobody knows before. */
function factsOf({ kind, options }: EvaluatorIdentity): ScoreFacts {
  // Turned round it says true or false.
  if (options['not'] === true) return {};
  const has = (...limits: string[]): boolean => limits.some((limit) => limit in options);
  switch (kind) {
    case 'embedding_similarity':
      return { scale: { min: -1, max: 1 } };
    case 'latency':
      return { unit: 'milliseconds', better: 'lower', passes: has('maxMs') };
    case 'cost':
      return { unit: 'dollars', better: 'lower', passes: has('maxUsd') };
    case 'length': {
      const { unit } = options;
      return { unit: typeof unit === 'string' ? unit : 'characters', passes: has('min', 'max') };
    }
    default:
      return {};
  }
}

type Asked = Omit<GateEvaluator, 'name'>;

/**
 * How a score is compared: as the policy asks, completed by what its evaluator is known to give. One without a scale is
 * compared by whether it passed where it has a limit and nobody asks for more; else by its values, for which a margin has to
 * be named: a share of 0 to 1 would be a share of nothing.
 */
export function completed(asked: Asked, evaluator: EvaluatorIdentity | undefined): Asked {
  const { scale, unit, better, passes }: ScoreFacts =
    evaluator === undefined ? {} : factsOf(evaluator);
  if (asked.measure === 'passed') return asked;
  if (unit === undefined) {
    return scale === undefined || asked.scale !== undefined ? asked : { ...asked, scale };
  }
  const { margin, scale: own, measure, better: way } = asked;
  const open = [margin, own, measure, way].every((each) => each === undefined);
  if (open && passes === true) return { ...asked, measure: 'passed' };
  const direction = better === undefined ? {} : { better };
  return { ...direction, ...asked, ...(own === undefined ? { unbounded: true } : {}) };
}

/** What the values of a score count, where a loss of so much of it has to be named and is not. */
export function unitWithoutMargin(asked: Asked, evaluator: EvaluatorIdentity): string | undefined {
  const { unbounded = false, margin } = completed(asked, evaluator);
  return unbounded && margin === undefined ? factsOf(evaluator).unit : undefined;
}
