import type { GatePolicy } from '../../contracts/gate.js';
import { compareRuns } from '../../core/regression/compare.js';
import type { RunScores } from '../../core/regression/run-scores.js';
import type { Comparison, GateEvaluator } from '../../core/regression/types.js';

/** A comparison as it can be sent to a thread: no functions in it. */
export interface CompareJob {
  readonly head: RunScores;
  readonly base: RunScores;
  readonly evaluators: readonly GateEvaluator[];
  readonly policy: GatePolicy;
  /** Values of the fields that slices and clusters are made of: by field, then by item. */
  readonly labels: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** Compares two runs by a policy. */
export function runCompareJob({ head, base, evaluators, policy, labels }: CompareJob): Comparison {
  const valueOf = (pointer: string) => {
    const values = labels.get(pointer);
    return (itemId: string): string | undefined => values?.get(itemId);
  };
  const { cluster, cost, latency } = policy;
  return compareRuns({
    head,
    base,
    evaluators,
    alpha: policy.alpha,
    power: policy.power,
    margin: policy.margin,
    missing: policy.missing,
    bootstrap: { seed: policy.seed },
    slices: policy.slices.map(({ by, guard }) => ({ key: by, guard, valueOf: valueOf(by) })),
    ...(cluster === undefined ? {} : { cluster: { key: cluster, of: valueOf(cluster) } }),
    ...(cost === undefined ? {} : { cost }),
    ...(latency === undefined ? {} : { latency }),
  });
}
