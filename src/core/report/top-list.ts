/** Keeps the first few of a stream by an order, in memory for those few. */
export class TopList<Key, Entry extends Key> {
  readonly #capacity: number;
  readonly #compare: (a: Key, b: Key) => number;
  readonly #entries: Entry[] = [];

  /** @param compare must tell any two entries apart, so that the order of the stream does not matter. */
  constructor(capacity: number, compare: (a: Key, b: Key) => number) {
    this.#capacity = capacity;
    this.#compare = compare;
  }

  /** Takes an entry if its key is among the first; it is made only then, since most are not. */
  offer(key: Key, make: () => Entry): void {
    const last = this.#entries.at(-1);
    const full = this.#entries.length >= this.#capacity;
    if (full && (last === undefined || this.#compare(key, last) >= 0)) return;
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && this.#compare(entry, key) <= 0) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, make());
    if (this.#entries.length > this.#capacity) this.#entries.pop();
  }

  /** In order. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }
}
