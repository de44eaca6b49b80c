/** A hypothesis of a family: its p, and how much of α it is given beside the others (1 where all are alike). */
export interface WeightedHypothesis {
  readonly p: number;
  readonly weight: number;
}

/**
 * Holm's adjusted p values: each may be compared with α, and the chance that any true hypothesis is rejected stays at most
 * α, however the tests depend on each other.
 *
 * Source: Holm (1979), "A Simple Sequentially Rejective Multiple Test Procedure", section 4 for the weights; with equal
 * weights it is the `holm` of R's p.adjust and of statsmodels' multipletests.
 *
 * @returns in the order of the hypotheses.
 */
export function holmAdjusted(hypotheses: readonly WeightedHypothesis[]): readonly number[] {
  const order = hypotheses
    .map(({ p, weight }, place) => ({ p, weight, place }))
    .sort((a, b) => a.p / a.weight - b.p / b.weight);
  const adjusted = new Array<number>(hypotheses.length).fill(1);
  let left = hypotheses.reduce((sum, { weight }) => sum + weight, 0);
  let most = 0;
  for (const { p, weight, place } of order) {
    most = Math.max(most, Math.min(1, (p * left) / weight));
    adjusted[place] = most;
    left -= weight;
  }
  return adjusted;
}
