/** One label and how often it came. */
export interface Frequency {
  readonly label: string;
  readonly n: number;
}

/**
 * Counts labels in bounded memory: the first `capacity` different ones are counted one by one, occurrences of
 * later ones together. Exact for all that people use as labels; free text cannot fill the memory.
 */
export class FrequencyTable {
  readonly #capacity: number;
  readonly #counts = new Map<string, number>();
  #other = 0;
  #n = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(label: string): void {
    this.#n += 1;
    const count = this.#counts.get(label);
    if (count === undefined && this.#counts.size >= this.#capacity) this.#other += 1;
    else this.#counts.set(label, (count ?? 0) + 1);
  }

  get n(): number {
    return this.#n;
  }

  /** Occurrences of labels that came when the table was full. */
  get other(): number {
    return this.#other;
  }

  get(label: string): number {
    return this.#counts.get(label) ?? 0;
  }

  /** Most frequent first, equally frequent ones by label, so that equal runs give equal reports. */
  top(most = Infinity): readonly Frequency[] {
    return [...this.#counts]
      .map(([label, n]) => ({ label, n }))
      .sort((a, b) => b.n - a.n || compareText(a.label, b.label))
      .slice(0, most);
  }
}

/** Orders texts by UTF-16 units: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
