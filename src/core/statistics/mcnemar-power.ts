import { binomialProbability, binomialUpperTail } from './binomial.js';
import { normalQuantile } from './normal.js';
import { increasingRoot } from './root.js';

/** Above this many expected changes the normal form differs by less than one per cent. */
const exactUpTo = 1_000;

/**
 * The smallest true loss in a rate that McNemar's exact test finds with this power among n items, if so many change anyhow: of
 * those the halves cancel, and the loss comes on top. Undefined where even a loss everywhere else would not be found.
 *
 * Source: the unconditional power of the exact conditional test, summed over the number of changes (Duffy 1984, "Asymptotic
 * and Exact Power for the McNemar Test and Its Analogue with R Controls per Case"); for many changes
 * Connor (1987).
 */
export function mcnemarDetectableLoss(of: {
  readonly n: number;
  /** The share of items that change without any loss. */
  readonly changing: number;
  readonly alpha: number;
  readonly power: number;
}): number | undefined {
  const { n, changing, alpha, power } = of;
  if (n * changing > exactUpTo) return connor(of);
  const tests = new ExactTests(alpha);
  const powerAt = (loss: number): number =>
    mcnemarPower({ n, worse: changing / 2 + loss, better: changing / 2, tests }) - power;
  const most = 1 - changing;
  if (most <= 0 || powerAt(most) < 0) return undefined;
  return increasingRoot(powerAt, { low: 0, high: most, tolerance: 1e-5 });
}

/** The power of McNemar's exact one-sided test, given the shares of items that become worse and better. */
export function mcnemarPower(of: {
  readonly n: number;
  readonly worse: number;
  readonly better: number;
  readonly tests: ExactTests;
}): number {
  const { n, worse, better, tests } = of;
  const share = worse + better;
  const sd = Math.sqrt(n * share * (1 - share));
  const from = Math.max(0, Math.floor(n * share - 5 * sd));
  const to = Math.min(n, Math.ceil(n * share + 5 * sd));
  // An odd stride sees even and odd numbers of changes alike, whose critical values differ.
  const stride = 2 * Math.floor(sd / 6) + 1;
  let power = 0;
  let mass = 0;
  for (let m = from; m <= to; m += stride) {
    const density = share < 1 ? binomialProbability({ k: m, n, p: share }) : Number(m === n);
    mass += density;
    if (density > 0) {
      power += density * binomialUpperTail({ k: tests.criticalOf(m), n: m, p: worse / share });
    }
  }
  return mass === 0 ? 0 : power / mass;
}

/** Critical values of the exact test by the number of changes. */
export class ExactTests {
  readonly #alpha: number;
  readonly #z: number;
  readonly #critical = new Map<number, number>();

  constructor(alpha: number) {
    this.#alpha = alpha;
    this.#z = normalQuantile(1 - alpha);
  }

  /** The smallest number of losses among m changes whose p is at most α; m + 1 where there is none. */
  criticalOf(m: number): number {
    const known = this.#critical.get(m);
    if (known !== undefined) return known;
    let k = Math.max(0, Math.floor((m + this.#z * Math.sqrt(m)) / 2) - 1);
    while (k > 0 && this.#tail(k - 1, m) <= this.#alpha) k -= 1;
    while (k <= m && this.#tail(k, m) > this.#alpha) k += 1;
    this.#critical.set(m, k);
    return k;
  }

  #tail(k: number, m: number): number {
    return binomialUpperTail({ k, n: m, p: 0.5 });
  }
}

function connor(of: {
  readonly n: number;
  readonly changing: number;
  readonly alpha: number;
  readonly power: number;
}): number {
  const { n, changing, alpha, power } = of;
  const [test, reach] = [normalQuantile(1 - alpha), normalQuantile(power)];
  let loss = 0;
  for (let round = 0; round < 50; round += 1) {
    const share = changing + loss;
    loss =
      (test * Math.sqrt(share) + reach * Math.sqrt(Math.max(0, share - loss * loss))) /
      Math.sqrt(n);
  }
  return loss;
}
