import type { EstimatedBudget, EstimatedCalls, Guess } from '../../contracts/estimate.js';
import { isKnown } from './guess.js';

type Part = Pick<EstimatedCalls, 'calls' | 'costUsd' | 'holdUsd'>;

/**
 * Whether a run gets through under a budget. The money of a call is held in full until it ends, so the last call needs more
 * room than it takes: what the run costs, and of the dearest call what is held beyond its cost.
 */
export function budgetFor(run: {
  readonly budgetUsd: number;
  readonly cost: Guess;
  readonly parts: readonly Part[];
}): EstimatedBudget {
  const { budgetUsd, cost, parts } = run;
  if (!isKnown(cost)) return { budgetUsd, fits: 'unknown' };
  const holds = parts.flatMap(({ holdUsd }) => holdUsd ?? []);
  const held = holds.length === 0 ? {} : { holdUsd: Math.max(...holds) };
  const least = cost.low + surplus(parts, 'high');
  const enoughUsd = cost.high + surplus(parts, 'low');
  const fits = enoughUsd <= budgetUsd ? 'yes' : least > budgetUsd ? 'no' : 'maybe';
  return { budgetUsd, fits, ...held, enoughUsd };
}

/** What is held beyond the cost of a call, where it costs as little or as much as was guessed. */
function surplus(parts: readonly Part[], end: 'low' | 'high'): number {
  const each = parts.map(({ calls, costUsd, holdUsd }) => {
    if (holdUsd === undefined || !isKnown(calls) || !isKnown(costUsd) || calls.likely === 0)
      return 0;
    return Math.max(0, holdUsd - costUsd[end] / calls.likely);
  });
  return Math.max(0, ...each);
}
