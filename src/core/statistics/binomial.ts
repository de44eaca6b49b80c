import { deviance, incompleteBeta, stirlingError } from './incomplete-beta.js';

/** P(X >= k) of the binomial distribution. Source: DLMF 8.17.5. */
export function binomialUpperTail(of: {
  readonly k: number;
  readonly n: number;
  readonly p: number;
}): number {
  const { k, n, p } = of;
  if (k <= 0) return 1;
  if (k > n) return 0;
  return incompleteBeta({ a: k, b: n - k + 1, x: p, y: 1 - p });
}

/** P(X = k) of the binomial distribution for p inside (0, 1). Source: Loader (2000), the saddle-point expansion. */
export function binomialProbability(of: {
  readonly k: number;
  readonly n: number;
  readonly p: number;
}): number {
  const { k, n, p } = of;
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  if (k === n) return Math.exp(n * Math.log(p));
  const exponent =
    stirlingError(n) -
    stirlingError(k) -
    stirlingError(n - k) -
    deviance(k, n * p) -
    deviance(n - k, n * (1 - p));
  return Math.sqrt(n / (2 * Math.PI * k * (n - k))) * Math.exp(exponent);
}

/** Items of a pass/fail score that changed: `worse` passed in the base only, `better` in head only. */
export interface DiscordantCounts {
  readonly worse: number;
  readonly better: number;
}

/** One-sided and two-sided p of McNemar's exact test. */
export interface McNemarTest {
  /** Small where head is worse. */
  readonly p: number;
  readonly pTwoSided: number;
}

/**
 * McNemar's exact test: of the items that changed, how many became worse is binomial with one half if nothing changed.
 *
 * Source: McNemar (1947); exact by the conditional binomial (Fagerland, Lydersen and Laake 2014, "Recommended tests and
 * confidence intervals for paired binomial proportions").
 */
export function mcnemarExact({ worse, better }: DiscordantCounts): McNemarTest {
  const n = worse + better;
  const tail = binomialUpperTail({ k: worse, n, p: 0.5 });
  const other = binomialUpperTail({ k: better, n, p: 0.5 });
  return { p: tail, pTwoSided: Math.min(1, 2 * Math.min(tail, other)) };
}
