import { shiftForPower } from './noncentral-t.js';
import { increasingRoot } from './root.js';

/** How a difference was measured, and what is asked of it. */
export interface MeasuredSpread {
  readonly standardError: number;
  /** Infinity for a normal statistic. */
  readonly df: number;
  readonly alpha: number;
  readonly power: number;
  /** The loss that is accepted. */
  readonly margin: number;
}

/**
 * The smallest true loss that is called a regression with this power at this spread. Two things must come to pass: the upper
 * end falls below 0, and the lower end does not stay above −margin (or it would pass).
 *
 * Source: the noncentral t, as `solve_power` of statsmodels' TTestPower; in Cohen (1988), chapter 2.
 */
export function detectableLoss(of: MeasuredSpread): number {
  const { standardError, df, alpha, power, margin } = of;
  const found = shiftForPower({ alpha, power, df }) * standardError;
  // That a loss does not pass with this power is that a pass has a power of 1 − power.
  const beyondMargin = margin - shiftForPower({ alpha, power: 1 - power, df }) * standardError;
  return Math.max(found, beyondMargin);
}

/**
 * Items (or pairs) with which a head that is as good as the base passes with this power, if the spread stays what it is: the
 * sample size of a non-inferiority trial. Clusters are taken to grow in number and not in size.
 *
 * Source: Chow, Shao and Wang (2008), section 3.1.2, with the noncentral t in place of the normal.
 */
export function itemsForMargin(of: MeasuredSpread & { readonly items: number }): number {
  const { standardError, df, alpha, power, margin, items } = of;
  const timesAt = (freedom: number): number =>
    ((shiftForPower({ alpha, power, df: Math.max(1, freedom) }) * standardError) / margin) ** 2;
  const low = timesAt(Infinity);
  // With fewer clusters more is needed for each, so that there is one number which is just enough for itself.
  const missing = (times: number): number => times - timesAt((df + 1) * times - 1);
  if (missing(low) >= 0) return Math.ceil(items * low);
  const between = { low, high: timesAt(1), tolerance: 1e-6 };
  return Math.ceil(items * increasingRoot(missing, between));
}
