/**
 * Mean, sample standard deviation and range of a stream of numbers in constant memory.
 *
 * Source: Welford (1962), which does not lose digits as the sum of squares does where the spread is small
 * beside the mean.
 */
export class Moments {
  #n = 0;
  #mean = 0;
  #squares = 0;
  #min = Infinity;
  #max = -Infinity;

  /** @throws RangeError for NaN and infinities, which would swallow all other values. */
  add(value: number): void {
    if (!Number.isFinite(value)) throw new RangeError('the value is not a finite number');
    this.#n += 1;
    const before = value - this.#mean;
    this.#mean += before / this.#n;
    this.#squares += before * (value - this.#mean);
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  get n(): number {
    return this.#n;
  }

  /** Undefined where there is no value; so are min and max. */
  get mean(): number | undefined {
    return this.#n === 0 ? undefined : this.#mean;
  }

  get min(): number | undefined {
    return this.#n === 0 ? undefined : this.#min;
  }

  get max(): number | undefined {
    return this.#n === 0 ? undefined : this.#max;
  }

  /** The sample standard deviation, with n − 1; undefined for fewer than two values. */
  get sampleSd(): number | undefined {
    return this.#n < 2 ? undefined : Math.sqrt(this.#squares / (this.#n - 1));
  }
}
