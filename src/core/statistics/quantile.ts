/**
 * The quantile of sorted values: type 7 of Hyndman and Fan (1996), linear between the order statistics,
 * which is the default of numpy and R.
 *
 * @param sorted ascending, finite numbers.
 * @param p inside [0, 1].
 * @returns undefined where there is no value.
 * @throws RangeError where p is outside [0, 1].
 */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number | undefined {
  if (!(p >= 0 && p <= 1)) throw new RangeError('p is outside [0, 1]');
  const h = (sorted.length - 1) * p;
  const below = Math.floor(h);
  const low = sorted[below];
  if (low === undefined) return undefined;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low;
  return low + (high - low) * (h - below);
}
