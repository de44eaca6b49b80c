interface Sample {
  readonly at: number;
  readonly done: number;
}

/** How fast a count grows, over a sliding window: what happened minutes ago says little about what is left. */
export class SlidingRate {
  readonly #windowMs: number;
  #samples: Sample[] = [];

  /** @param windowMs default 20 s. */
  constructor(windowMs = 20_000) {
    this.#windowMs = windowMs;
  }

  /** Notes a count at a moment, both never going back; the moment in milliseconds of any clock. */
  add(at: number, done: number): void {
    this.#samples.push({ at, done });
    const edge = at - this.#windowMs;
    // The last sample before the window stays: it says where the count stood at its beginning.
    const first = this.#samples.findLastIndex((sample) => sample.at <= edge);
    if (first > 0) this.#samples = this.#samples.slice(first);
  }

  /** Per second; undefined until there is a second to judge by. */
  get perSecond(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < 1_000) return undefined;
    return ((last.done - first.done) * 1_000) / (last.at - first.at);
  }

  /** When the count last grew. */
  get lastGrowthAt(): number | undefined {
    const last = this.#samples.at(-1);
    if (last === undefined) return undefined;
    return this.#samples.find((sample) => sample.done === last.done)?.at;
  }
}
