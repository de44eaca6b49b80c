import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

import { Moments } from './moments.js';
import { quantileOfSorted } from './quantile.js';

/** The most values that are kept: 2 MB as doubles. */
const defaultCapacity = 262_144;

/**
 * A stream of numbers in bounded memory: count, mean, spread and range are always exact; quantiles are exact up
 * to `capacity` values, and past it those of a uniform random sample of that size (`exact` is then false).
 * The sample is drawn with a fixed seed, so that the same stream gives the same figures.
 *
 * Source: Vitter (1985), "Random Sampling with a Reservoir", algorithm R.
 */
export class NumericSample {
  readonly moments = new Moments();
  readonly #capacity: number;
  readonly #random = xoroshiro128plus(0x5eed);
  #kept = new Float64Array(16);

  constructor(capacity: number = defaultCapacity) {
    this.#capacity = capacity;
  }

  /** @throws RangeError for NaN and infinities. */
  add(value: number): void {
    this.moments.add(value);
    const n = this.moments.n;
    if (n <= this.#capacity) {
      if (n > this.#kept.length) this.#grow();
      this.#kept[n - 1] = value;
      return;
    }
    const place = uniformInt(this.#random, 0, n - 1);
    if (place < this.#capacity) this.#kept[place] = value;
  }

  get n(): number {
    return this.moments.n;
  }

  /** Whether quantiles are those of all values. */
  get exact(): boolean {
    return this.moments.n <= this.#capacity;
  }

  /** The kept values, ascending. */
  sorted(): Float64Array {
    return this.#kept.slice(0, Math.min(this.n, this.#capacity)).sort();
  }

  /** Undefined where there is no value. */
  quantiles(ps: readonly number[]): readonly number[] | undefined {
    const sorted = this.sorted();
    const found = ps.map((p) => quantileOfSorted(sorted, p));
    return found.every((value) => value !== undefined) ? found : undefined;
  }

  #grow(): void {
    const larger = new Float64Array(Math.min(this.#capacity, this.#kept.length * 2));
    larger.set(this.#kept);
    this.#kept = larger;
  }
}
