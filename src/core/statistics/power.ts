import { shiftForPower } from './noncentral-t.js';

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
  let times = 1;
  for (let round = 0; round < 30; round += 1) {
    const shift = shiftForPower({ alpha, power, df: Math.max(1, (df + 1) * times - 1) });
    const next = ((shift * standardError) / margin) ** 2;
    if (Math.abs(next - times) <= 1e-6 * next) return Math.ceil(items * next);
    times = next;
  }
  return Math.ceil(items * times);
}
