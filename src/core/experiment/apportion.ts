/** One part of what is sampled. */
export interface Stratum {
  readonly key: string;
  /** How many items it has; at least one. */
  readonly of: number;
}

/** A part with its share of the sample. */
export interface StratumShare extends Stratum {
  /** How many of them are taken. */
  readonly items: number;
}

/**
 * Shares a sample of n items out among strata in proportion to their sizes, by the method of the largest remainder
 * (Hamilton's; ties go to the smaller key, so that nothing hangs on an order). Where n allows, that is from one item for each
 * stratum on, no stratum goes empty: those whose proportional share is below one get one, and the rest is shared out
 * among the others. The shares add up to min(n, all), and none exceeds its stratum.
 */
export function apportion(strata: readonly Stratum[], n: number): readonly StratumShare[] {
  const all = total(strata);
  if (n >= all) return strata.map((stratum) => ({ ...stratum, items: stratum.of }));
  if (n < strata.length) return largestRemainder(strata, n);
  // Whoever gets more than its share makes the others' smaller, so one more of them may fall below one: look again.
  const single = new Set<Stratum>();
  for (;;) {
    const rest = strata.filter((stratum) => !single.has(stratum));
    const left = n - single.size;
    const size = total(rest);
    const small = rest.filter(({ of }) => of * left < size);
    if (small.length === 0) {
      const shares = new Map(largestRemainder(rest, left).map(({ key, items }) => [key, items]));
      return strata.map((stratum) => ({ ...stratum, items: shares.get(stratum.key) ?? 1 }));
    }
    for (const stratum of small) single.add(stratum);
  }
}

const total = (strata: readonly Stratum[]): number => strata.reduce((sum, { of }) => sum + of, 0);

// Whole numbers throughout: up to 10^6 of 10^6 their products stay below 2^53, so no share hangs on rounding.
function largestRemainder(strata: readonly Stratum[], n: number): readonly StratumShare[] {
  const size = total(strata);
  if (size === 0) return [];
  const floors = strata.map(({ of }) => Math.floor((of * n) / size));
  const remainders = strata.map(({ of }, index) => of * n - (floors[index] ?? 0) * size);
  const missing = n - floors.reduce((sum, items) => sum + items, 0);
  const winners = new Set(
    strata
      .map(({ key }, index) => ({ key, index, remainder: remainders[index] ?? 0 }))
      .sort((a, b) => b.remainder - a.remainder || (a.key < b.key ? -1 : 1))
      .slice(0, missing)
      .map(({ index }) => index),
  );
  return strata.map((stratum, index) => ({
    ...stratum,
    items: (floors[index] ?? 0) + (winners.has(index) ? 1 : 0),
  }));
}
