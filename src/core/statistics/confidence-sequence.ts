/**
 * Bounds of the mean of a finite list of values in [0, 1] that are seen in random order, valid at every moment at once: one may
 * look after each value and stop when one likes. Plain data, so that it survives between looks.
 */
export interface SequenceState {
  /** Length of the whole list. */
  readonly of: number;
  /** The chance that the bound is ever wrong. */
  readonly error: number;
  readonly n: number;
  readonly sum: number;
  /** Of the squared distances of each value from the mean of those before it. */
  readonly squares: number;
  /** Σ λ·(x + what those before it tell of the rest), Σ λ·weight, Σ ψ(λ)·distance². */
  readonly gain: number;
  readonly weight: number;
  readonly spent: number;
  /** The best lower bound so far. */
  readonly low: number;
}

// Bets above this would gain little and cost much where a value surprises.
const largestBet = 0.5;

/** @throws RangeError where the list is empty or the error is not inside (0, 1). */
export function startSequence(of: number, error: number): SequenceState {
  if (!(Number.isSafeInteger(of) && of >= 1)) throw new RangeError('the list is empty');
  if (!(error > 0 && error < 1)) throw new RangeError('the error is not inside (0, 1)');
  return { of, error, n: 0, sum: 0, squares: 0, gain: 0, weight: 0, spent: 0, low: 0 };
}

/**
 * Takes the next values of the list. The lower bound of the list's mean is then `low`; for an upper bound keep a second state of
 * 1 − x.
 *
 * Source: Waudby-Smith and Ramdas (2020), "Confidence sequences for sampling without replacement", the predictable
 * empirical-Bernstein bound; its ψ is that of Howard, Ramdas, McAuliffe and Sekhon (2021). The bets grow as the rest of
 * the list shrinks, tuned to be tightest at half of it.
 *
 * @throws RangeError for a value outside [0, 1] and for more values than the list has.
 */
export function observe(state: SequenceState, values: Iterable<number>): SequenceState {
  let { n, sum, squares, gain, weight, spent, low } = state;
  const { of, error } = state;
  const price = Math.log(1 / error);
  for (const x of values) {
    if (!(x >= 0 && x <= 1)) throw new RangeError('a value is outside [0, 1]');
    if (n >= of) throw new RangeError('there are more values than the list has');
    const left = of - n;
    const before = (sum + 0.5) / (n + 1);
    const variance = (squares + 0.25) / (n + 1);
    const bet = Math.min(largestBet, (of / left) * Math.sqrt((2 * price) / (variance * of)));
    const distance = (x - before) ** 2;
    gain += bet * (x + sum / left);
    weight += bet * (of / left);
    spent += (-Math.log1p(-bet) - bet) * distance;
    n += 1;
    sum += x;
    squares += distance;
    // What was seen is known for certain, and the rest is at least 0.
    low = Math.max(low, sum / of, (gain - spent - price) / weight);
  }
  return { of, error, n, sum, squares, gain, weight, spent, low: Math.min(1, low) };
}
