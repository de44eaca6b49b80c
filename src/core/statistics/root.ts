/**
 * Where an increasing function reaches 0 between two ends, at which it must be at most and at least 0.
 *
 * Source: the Illinois variant of the false position (Dowell and Jarratt 1971): it keeps the bracket and needs about ten
 * values where bisection needs forty.
 */
export function increasingRoot(
  f: (x: number) => number,
  between: { readonly low: number; readonly high: number; readonly tolerance: number },
): number {
  let { low, high } = between;
  let [atLow, atHigh] = [f(low), f(high)];
  for (let step = 0; step < 100 && high - low > between.tolerance * Math.abs(high); step += 1) {
    const guess = (low * atHigh - high * atLow) / (atHigh - atLow);
    // Every fifth step halves, for functions that are flat at one end.
    const middle = step % 5 !== 4 && guess > low && guess < high ? guess : (low + high) / 2;
    if (middle <= low || middle >= high) break;
    const value = f(middle);
    if (value === 0) return middle;
    if (value < 0) {
      [low, atLow] = [middle, value];
      atHigh /= 2;
    } else {
      [high, atHigh] = [middle, value];
      atLow /= 2;
    }
  }
  return (low + high) / 2;
}
