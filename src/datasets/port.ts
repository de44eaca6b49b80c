import type { DatasetItem } from '../contracts/records.js';
import type { Json } from '../core/json/json.js';
import type { ParsedItem } from './parse-item.js';
import type { ProblemList } from './problem-list.js';

/** An item and where it stands in its file: a line from 1, or an index of a JSON array from 0. */
export interface PlacedItem {
  readonly item: DatasetItem;
  readonly place: number;
}

/** One pass over a dataset. */
export interface ReadPass {
  /** What is wrong is told here; the items that are whole are yielded all the same. */
  readonly problems: ProblemList;
  /** Default {@link pageItems}. */
  readonly pageItems?: number;
  readonly signal?: AbortSignal;
}

/** Begins the reading of a dataset's elements: one that compares them with each other begins anew in each pass. */
export type BeginParsing = () => (raw: Json) => ParsedItem;

/** The most items of one page. */
export const pageItems = 1_000;
/** The most bytes of one page's texts; a larger item is a page of its own. */
export const pageBytes = 4 * 1024 * 1024;
/** The longest line of JSONL, record of CSV, or element of a JSON array, in bytes. */
export const longestItem = 16 * 1024 * 1024;

/** A dataset in the project's folder. It is read anew in each pass, in memory that does not grow with it. */
export interface LocalDataset {
  readonly name: string;
  readonly format: 'json' | 'jsonl' | 'csv';
  /** The file with the items. */
  readonly file: string;
  /**
   * Reads from the beginning. Repeated ids are not looked for here (see `createDatasetFingerprint`).
   *
   * @throws AssayError JSON_INVALID (a JSON array that is none, with line and column), DATASET_INVALID (unreadable)
   */
  pages(pass: ReadPass): AsyncGenerator<readonly PlacedItem[], void, undefined>;
  /** Where an item stands, for people: `file:12` or `file: [3]`. */
  whereIs(place: number): string;
  /** The place in half a sentence: `line 12` or `item [3]`. */
  nameOf(place: number): string;
}
