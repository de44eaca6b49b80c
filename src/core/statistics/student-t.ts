import { normalQuantile } from './normal.js';

// Lanczos approximation with g = 7 and nine terms (Godfrey's coefficients): about 15 digits for x > 0.
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7,
];

function logGamma(x: number): number {
  const z = x - 1;
  const sum = lanczos.reduce((total, c, i) => (i === 0 ? c : total + c / (z + i)), 0);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/**
 * The continued fraction of the incomplete beta function, evaluated from the front.
 * Source: Lentz's method as in Press et al., Numerical Recipes, section 6.4; DLMF 8.17.22.
 */
function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300;
  const guard = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 10_000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return fraction;
}

/** The regularised incomplete beta function I_x(a, b) for x in [0, 1]. */
function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(a, b, x)) / a
    : 1 - (front * betaFraction(b, a, 1 - x)) / b;
}

/** P(T > t) for t >= 0, Student's t with `df` degrees of freedom. Source: DLMF 8.17, Abramowitz and Stegun 26.7.1. */
function upperTail(t: number, df: number): number {
  return 0.5 * incompleteBeta(df / 2, 0.5, df / (df + t * t));
}

/**
 * The quantile for many degrees of freedom, as an expansion around the normal quantile z; good to 1e-13 where
 * z² is far below df. Source: Abramowitz and Stegun 26.7.5.
 */
function expansion(z: number, df: number): number {
  const s = z * z;
  const g1 = (s + 1) / 4;
  const g2 = ((5 * s + 16) * s + 3) / 96;
  const g3 = (((3 * s + 19) * s + 17) * s - 15) / 384;
  const g4 = ((((79 * s + 776) * s + 1482) * s - 1920) * s - 945) / 92160;
  return z * (1 + (g1 + (g2 + (g3 + g4 / df) / df) / df) / df);
}

/**
 * The quantile of Student's t distribution: the t with P(T <= t) = p, for `df` degrees of freedom.
 * Found by bisection on the tail probability, so that it needs no start value that could go astray, and for many
 * degrees of freedom, where that probability loses digits, by an expansion; relative error below 1e-10.
 *
 * @throws RangeError where p is not inside (0, 1) or df is below 1.
 */
export function studentTQuantile(p: number, df: number): number {
  if (!(df >= 1)) throw new RangeError('df is below 1');
  const z = normalQuantile(p);
  if (z === 0) return 0;
  if (z * z < df * 1e-3) return expansion(z, df);
  const tailWanted = p < 0.5 ? p : 1 - p;
  let low = 0;
  let high = 2;
  while (upperTail(high, df) > tailWanted) {
    low = high;
    high *= 2;
  }
  for (let step = 0; step < 200 && high - low > 1e-14 * high; step += 1) {
    const middle = (low + high) / 2;
    if (upperTail(middle, df) > tailWanted) low = middle;
    else high = middle;
  }
  const t = (low + high) / 2;
  return p < 0.5 ? -t : t;
}
