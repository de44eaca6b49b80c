import { studentTQuantile } from './student-t.js';
import { normalQuantile } from './normal.js';

interface Spread {
  readonly standardError: number;
  readonly df: number;
  readonly alpha: number;
  readonly power: number;
  readonly margin: number;
}

function quantile(p: number, df: number): number {
  return df === Infinity ? normalQuantile(p) : studentTQuantile(p, df);
}

/**
 * The smallest true loss that is called a regression with this power: the upper end must fall below 0 and the lower one not
 * stay above −margin.
 */
export function detectableLoss({ standardError, df, alpha, power, margin }: Spread): number {
  const test = quantile(1 - alpha, df);
  const reach = quantile(power, df);
  return Math.max((test + reach) * standardError, margin + (reach - test) * standardError);
}

/** Items with which a head that is as good as the base passes with this power. */
export function itemsForMargin(of: Spread & { readonly items: number }): number {
  const { standardError, df, alpha, power, margin, items } = of;
  const factor = quantile(1 - alpha, df) + quantile(power, df);
  return Math.ceil(items * ((factor * standardError) / margin) ** 2);
}
