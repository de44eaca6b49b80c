import type { ScoreValue } from '../../contracts/records.js';

/** Sums over the scored cells of each item; the index is that of the item in its run. */
export interface ItemSums {
  readonly sum: Float64Array;
  readonly n: Uint32Array;
  readonly min: number;
  readonly max: number;
  /** All values were 0 or 1. */
  readonly binary: boolean;
}

/** One score of a run. */
export interface ScoreColumn {
  readonly types: readonly ScoreValue['type'][];
  /** Numbers, truths as 1 and 0, mapped labels; null where there is none. */
  readonly values: ItemSums | null;
  /** Whether they passed, as 1 and 0; null where none says so. */
  readonly passes: ItemSums | null;
  /** Labels without a number in the builder's map. */
  readonly unmapped: number;
  /** Values that are NaN, infinite or beyond ±1e150; they count as missing. */
  readonly unusable: number;
}

/** A run's scores by item: a few numbers per item and score, however many cells there were. */
export interface RunScores {
  readonly items: readonly string[];
  /** How many cells each item was planned with. */
  readonly planned: Uint32Array;
  readonly scores: ReadonlyMap<string, ScoreColumn>;
  /** In how many cells an evaluator abstained, by its name; those that never did are not in it. */
  readonly abstained: ReadonlyMap<string, number>;
  /** Dollars; null where no cell has a known cost. */
  readonly cost: ItemSums | null;
  /** Milliseconds. */
  readonly latency: ItemSums | null;
}

/** A score as the store keeps it. */
export interface CellScore {
  readonly name: string;
  readonly value: ScoreValue;
  readonly passed?: boolean | undefined;
}

/** A planned cell, whether or not it was scored. */
export interface GateCell {
  readonly itemId: string;
  readonly scores: readonly CellScore[];
  /** Evaluators that said that they cannot tell. */
  readonly abstained?: readonly string[] | undefined;
  /** Of the target; absent where the price is not known. */
  readonly costDollars?: number | undefined;
  /** Absent where the target gave no output. */
  readonly latencyMs?: number | undefined;
}

// A double cannot hold the square of a larger number.
const largestValue = 1e150;

/**
 * Gathers the cells of a run, in any order, for {@link compareRuns}. Memory grows with items times scores, not with cells.
 *
 * @param labels the numbers of labels, by score name: what makes a categorical score comparable beyond passing.
 */
export class RunScoresBuilder {
  readonly #labels: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly #places = new Map<string, number>();
  readonly #items: string[] = [];
  readonly #planned = new GrowingCounts();
  readonly #scores = new Map<string, ColumnBuilder>();
  readonly #abstained = new Map<string, number>();
  readonly #cost = new SumsBuilder();
  readonly #latency = new SumsBuilder();

  constructor(labels: Readonly<Record<string, Readonly<Record<string, number>>>> = {}) {
    this.#labels = labels;
  }

  /** Takes every planned cell, failed ones with no scores: what is missing is part of the verdict. */
  add(cell: GateCell): void {
    const item = this.#place(cell.itemId);
    this.#planned.add(item, 1);
    if (cell.costDollars !== undefined) this.#cost.add(item, cell.costDollars);
    if (cell.latencyMs !== undefined) this.#latency.add(item, cell.latencyMs);
    for (const score of cell.scores) this.#column(score.name).add(item, score);
    for (const name of cell.abstained ?? []) {
      this.#abstained.set(name, (this.#abstained.get(name) ?? 0) + 1);
    }
  }

  build(): RunScores {
    const n = this.#items.length;
    return {
      items: this.#items,
      planned: this.#planned.taken(n),
      scores: new Map([...this.#scores].map(([name, column]) => [name, column.build(n)])),
      abstained: this.#abstained,
      cost: this.#cost.build(n),
      latency: this.#latency.build(n),
    };
  }

  #place(itemId: string): number {
    const known = this.#places.get(itemId);
    if (known !== undefined) return known;
    const place = this.#items.length;
    this.#places.set(itemId, place);
    this.#items.push(itemId);
    return place;
  }

  #column(name: string): ColumnBuilder {
    const known = this.#scores.get(name);
    if (known !== undefined) return known;
    const labels = Object.hasOwn(this.#labels, name) ? this.#labels[name] : undefined;
    const column = new ColumnBuilder(labels);
    this.#scores.set(name, column);
    return column;
  }
}

class ColumnBuilder {
  readonly #labels: Readonly<Record<string, number>> | undefined;
  readonly #types = new Set<ScoreValue['type']>();
  readonly #values = new SumsBuilder();
  readonly #passes = new SumsBuilder();
  #unmapped = 0;

  constructor(labels: Readonly<Record<string, number>> | undefined) {
    this.#labels = labels;
  }

  add(item: number, { value, passed }: CellScore): void {
    this.#types.add(value.type);
    const number = this.#numberOf(value);
    if (number === undefined) this.#unmapped += 1;
    else this.#values.add(item, number);
    if (passed !== undefined) this.#passes.add(item, Number(passed));
  }

  build(items: number): ScoreColumn {
    return {
      types: [...this.#types].sort(),
      values: this.#values.build(items),
      passes: this.#passes.build(items),
      unmapped: this.#unmapped,
      unusable: this.#values.unusable,
    };
  }

  #numberOf(value: ScoreValue): number | undefined {
    if (value.type !== 'CATEGORICAL') return Number(value.value);
    const labels = this.#labels;
    return labels !== undefined && Object.hasOwn(labels, value.value)
      ? labels[value.value]
      : undefined;
  }
}

class SumsBuilder {
  readonly #sum = new GrowingSums();
  readonly #n = new GrowingCounts();
  #min = Infinity;
  #max = -Infinity;
  #binary = true;
  unusable = 0;

  add(item: number, value: number): void {
    if (!(Math.abs(value) <= largestValue)) {
      this.unusable += 1;
      return;
    }
    this.#sum.add(item, value);
    this.#n.add(item, 1);
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    if (value !== 0 && value !== 1) this.#binary = false;
  }

  build(items: number): ItemSums | null {
    if (this.#min > this.#max) return null;
    return {
      sum: this.#sum.taken(items),
      n: this.#n.taken(items),
      min: this.#min,
      max: this.#max,
      binary: this.#binary,
    };
  }
}

class GrowingSums {
  #values = new Float64Array(64);

  add(place: number, value: number): void {
    if (place >= this.#values.length) {
      const larger = new Float64Array(Math.max(place + 1, this.#values.length * 2));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[place] = (this.#values[place] ?? 0) + value;
  }

  taken(length: number): Float64Array {
    const taken = new Float64Array(length);
    taken.set(this.#values.subarray(0, length));
    return taken;
  }
}

class GrowingCounts {
  #values = new Uint32Array(64);

  add(place: number, value: number): void {
    if (place >= this.#values.length) {
      const larger = new Uint32Array(Math.max(place + 1, this.#values.length * 2));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[place] = (this.#values[place] ?? 0) + value;
  }

  taken(length: number): Uint32Array {
    const taken = new Uint32Array(length);
    taken.set(this.#values.subarray(0, length));
    return taken;
  }
}
