import type { GatePolicy } from '../../contracts/gate.js';
import type { Manifest } from '../../contracts/manifest.js';
import { comparedScores } from './evaluators.js';
import { changedEvaluators } from './staleness.js';

/**
 * Whether anything of a head can decide against a base, as far as their manifests tell: where not, no verdict can come of a run
 * that would have to be paid for first.
 */
export function canDecide(of: {
  readonly head: Manifest;
  readonly base: Manifest;
  readonly policy: GatePolicy;
}): boolean {
  const { head, base, policy } = of;
  if ([policy.cost, policy.latency].some((part) => part !== undefined && part.required !== false)) {
    return true;
  }
  const { evaluators } = comparedScores({
    head: head.evaluators,
    base: base.evaluators,
    scores: [...head.evaluators.map(({ name }) => name), ...Object.keys(policy.evaluators)],
    changed: changedEvaluators(base, head),
    policy,
  });
  return evaluators.some(({ required }) => required !== false);
}
