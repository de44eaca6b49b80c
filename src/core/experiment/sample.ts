import type { DatasetItem } from '../../contracts/records.js';
import { AssayError } from '../errors/assay-error.js';
import { sha256 } from '../ids/hash.js';
import { parsePointer } from '../json/pointer.js';
import { apportion, type StratumShare } from './apportion.js';
import {
  createFieldSearch,
  createNamedField,
  fieldOf,
  mostStrata,
  stratumKey,
  type StrataField,
} from './strata-fields.js';

/** Which sample is asked for. */
export interface SampleRequest {
  /** How many items, 1 to 1,000,000. */
  readonly items: number;
  /** The JSON pointer of the field that parts the items into strata. Default: found by itself. */
  readonly by?: string;
  /** A whole number; equal seeds give equal samples. */
  readonly seed: number;
}

/** The sample that came of a dataset. */
export interface Sample {
  /** How many items the dataset has. */
  readonly of: number;
  /** How many of them are taken. */
  readonly items: number;
  /** False where so many were asked for that all are taken. */
  readonly isPart: boolean;
  /** The field that parts the items; undefined where nothing does and the sample is simply random. */
  readonly by: string | undefined;
  /** The parts, largest first; one where nothing parts the items. The key is the value's JSON, '' for none. */
  readonly strata: readonly StratumShare[];
  /**
   * Says of each item of a second pass over the same items whether it is taken. For one pass: make another for the next.
   */
  readonly picker: () => (item: DatasetItem) => boolean;
}

/** Takes the items of a dataset one by one and gives the sample. */
export interface Sampler {
  /** @throws AssayError SAMPLE_FIELD_INVALID where the named field has more than 10,000 values. */
  add(item: DatasetItem): void;
  /** @throws AssayError SAMPLE_FIELD_INVALID where no item has the named field. */
  finish(): Sample;
}

/**
 * A stratified random sample in one pass over the dataset, and a second one that picks. Strata are the values of one field
 * (see {@link createFieldSearch} for the one that is found by itself), each gives its share of the sample
 * ({@link apportion}), and inside a stratum those items are taken whose hash of (seed, id) is smallest (bottom-k
 * sampling: Cohen and Kaplan, "Summarizing Data using Bottom-k Sketches", 2007). So neither the order of the items nor
 * a repeated pass changes anything, and a dataset that grows a little keeps most of its sample.
 *
 * Memory: 8 bytes an item for its hash, and 2 for each field that may still be a category.
 *
 * @throws AssayError SAMPLE_FIELD_INVALID where `by` is no JSON pointer.
 */
export function createSampler(request: SampleRequest): Sampler {
  const { by, seed } = request;
  if (by !== undefined && (parsePointer(by) ?? []).length === 0) {
    throw unsuitable(by, 'is no JSON pointer to a field', 'Write it as /metadata/language.');
  }
  const named = by === undefined ? undefined : createNamedField(by);
  const search = by === undefined ? createFieldSearch() : undefined;
  const ranks = new RankColumn();
  return {
    add(item) {
      const index = ranks.length;
      ranks.push(rankOf(seed, item.id));
      search?.add(index, item);
      if (named?.add(index, item) === false) {
        const many = `has more than ${mostStrata} different values`;
        throw unsuitable(named.field.pointer, many, 'Choose a field with categories.');
      }
    },
    finish() {
      const field = named?.field ?? search?.best(ranks.length);
      if (named !== undefined && ranks.length > 0 && named.field.counts[0] === ranks.length) {
        const mend = 'Begin it with /input, /expected or /metadata.';
        throw unsuitable(named.field.pointer, 'is in no item', mend);
      }
      return sampleOf(request, { ranks, field });
    },
  };
}

function unsuitable(pointer: string, why: string, mend: string): AssayError {
  return new AssayError('SAMPLE_FIELD_INVALID', `The field ${JSON.stringify(pointer)} ${why}.`, {
    mend,
  });
}

function sampleOf(
  request: SampleRequest,
  { ranks, field }: { ranks: RankColumn; field: StrataField | undefined },
): Sample {
  const of = ranks.length;
  const numbers = field?.numbers ?? new Map([['', 0]]);
  const counts = field?.counts ?? [of];
  const strata = [...numbers]
    .map(([key, number]) => ({ key, number, of: counts[number] ?? 0 }))
    .filter((stratum) => stratum.of > 0)
    .sort((a, b) => b.of - a.of || (a.key < b.key ? -1 : 1));
  const shares = apportion(strata, request.items);
  const places = new Map(strata.map(({ number }, place) => [number, place]));
  const ranksOf = ranks.parted({
    sizes: strata.map((stratum) => stratum.of),
    placeOf: (index) => places.get(field?.numberAt(index) ?? 0) ?? 0,
  });
  const limits = new Map(
    shares.map(({ key, items }, place): [string, Limit] => [
      key,
      { items, rank: ranksOf(place)[items - 1] ?? -1 },
    ]),
  );
  const items = Math.min(of, request.items);
  return {
    of,
    items,
    isPart: items < of,
    by: field?.pointer,
    strata: shares.map(({ key, of: size, items: taken }) => ({ key, of: size, items: taken })),
    picker: () => pickerOf(limits, { seed: request.seed, by: field?.pointer }),
  };
}

/** How many items a stratum gives, and the rank of the last one of them. */
interface Limit {
  readonly items: number;
  readonly rank: number;
}

function pickerOf(
  limits: ReadonlyMap<string, Limit>,
  { seed, by }: { seed: number; by: string | undefined },
): (item: DatasetItem) => boolean {
  const taken = new Map<string, number>();
  return (item) => {
    const key = by === undefined ? '' : stratumKey(fieldOf(item, by));
    const limit = limits.get(key);
    if (limit === undefined || rankOf(seed, item.id) > limit.rank) return false;
    // Two equal ranks at the very border (1 in 10^9 samples of a million) must not make the sample larger.
    const before = taken.get(key) ?? 0;
    if (before >= limit.items) return false;
    taken.set(key, before + 1);
    return true;
  };
}

/** The place of an item in the random order of its stratum: 52 bits of a hash, exact in a double. */
function rankOf(seed: number, id: string): number {
  return Number.parseInt(sha256(`assay-sample|${seed}|${id}`).slice(0, 13), 16);
}

/** Ranks by the place of their item. */
class RankColumn {
  #ranks = new Float64Array(1_024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(rank: number): void {
    if (this.#length === this.#ranks.length) {
      const grown = new Float64Array(this.#ranks.length * 2);
      grown.set(this.#ranks);
      this.#ranks = grown;
    }
    this.#ranks[this.#length] = rank;
    this.#length += 1;
  }

  /** The ranks of each part, sorted: a counting sort by part in one copy of all of them. */
  parted(parts: {
    readonly sizes: readonly number[];
    readonly placeOf: (index: number) => number;
  }): (place: number) => Float64Array {
    const { sizes, placeOf } = parts;
    const starts: number[] = [];
    let start = 0;
    for (const size of sizes) {
      starts.push(start);
      start += size;
    }
    const ends = [...starts];
    const sorted = new Float64Array(this.#length);
    for (let index = 0; index < this.#length; index += 1) {
      const place = placeOf(index);
      const end = ends[place] ?? 0;
      sorted[end] = this.#ranks[index] ?? 0;
      ends[place] = end + 1;
    }
    const of = (place: number): Float64Array => sorted.subarray(starts[place], ends[place]);
    sizes.forEach((_size, place) => of(place).sort());
    return of;
  }
}
