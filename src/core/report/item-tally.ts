import { contentHash } from '../ids/hash.js';
import type { JsonObject } from '../json/json.js';
import { cellPassed } from './cell-passed.js';
import { cutText } from './excerpt.js';
import { compareText } from './frequency-table.js';
import type { ReportCell } from './report-input.js';
import type { Excerpt, FlakyItem, FlakyReport, ItemScore, WorstItem } from './report-model.js';
import { TopList } from './top-list.js';

const mostListed = 50;
const mostScores = 20;
const mostOutcomes = 100;
const longestInput = 300;

/** What is known of one item while its repetitions come. */
interface ItemSums {
  readonly first: ReportCell;
  cells: number;
  errors: number;
  /** Cells that ended in an error or failed. */
  bad: number;
  readonly outcomes: boolean[];
  readonly scores: Map<string, { graded: number; passed: number }>;
  readonly outputs: Set<string>;
  sum: number;
  numbers: number;
  /** The trace of the first cell that did not go well. */
  trace: { readonly traceId: string; readonly traceUrl: string | null };
}

interface WorstKey {
  readonly badShare: number;
  readonly failedShare: number;
  readonly lowest: number;
  readonly itemId: string;
}

interface FlakyKey {
  readonly distance: number;
  readonly repetitions: number;
  readonly itemId: string;
}

/** Finds the items with the poorest results and those whose repetitions do not agree. */
export class ItemTally {
  readonly #repeated: boolean;
  readonly #worst = new TopList<WorstKey, WorstKey & { readonly item: WorstItem }>(
    mostListed,
    compareWorst,
  );
  readonly #flaky = new TopList<FlakyKey, FlakyKey & { readonly item: FlakyItem }>(
    mostListed,
    compareFlaky,
  );
  readonly #counts = { items: 0, mixed: 0, otherOutputs: 0 };
  readonly #informative: ReadonlySet<string>;
  #item: ItemSums | undefined;

  /**
   * @param repeated whether items have several repetitions; only then their outputs are compared.
   * @param informative evaluators whose scores pass and fail no cell.
   */
  constructor(repeated: boolean, informative: ReadonlySet<string>) {
    this.#repeated = repeated;
    this.#informative = informative;
  }

  /** Cells of one item must come one after another. */
  add(cell: ReportCell): void {
    if (cell.status === 'skipped') return;
    if (cell.itemId !== this.#item?.first.itemId) {
      this.#close();
      this.#item = sumsOf(cell);
    }
    const passed = cellPassed(cell, this.#informative);
    addCell(this.#item, cell, { repeated: this.#repeated, passed });
  }

  /** The worst first; items without an error or a failed score are not among them. */
  worst(): readonly WorstItem[] {
    this.#close();
    return this.#worst.entries.map(({ item }) => item);
  }

  /** Null where no item was graded twice. */
  flaky(): FlakyReport | null {
    this.#close();
    if (this.#counts.items === 0) return null;
    return { ...this.#counts, worst: this.#flaky.entries.map(({ item }) => item) };
  }

  #close(): void {
    const sums = this.#item;
    this.#item = undefined;
    if (sums === undefined) return;
    if (sums.bad > 0) this.#worst.offer(worstKey(sums), () => worstEntry(sums));
    const { graded, passed } = outcomesOf(sums);
    if (graded < 2) return;
    this.#counts.items += 1;
    if (sums.outputs.size > 1) this.#counts.otherOutputs += 1;
    if (passed === 0 || passed === graded) return;
    this.#counts.mixed += 1;
    this.#flaky.offer(flakyKey(sums), () => flakyEntry(sums));
  }
}

function sumsOf(first: ReportCell): ItemSums {
  return {
    first,
    cells: 0,
    errors: 0,
    bad: 0,
    outcomes: [],
    scores: new Map(),
    outputs: new Set(),
    sum: 0,
    numbers: 0,
    trace: { traceId: first.traceId, traceUrl: first.traceUrl ?? null },
  };
}

function addCell(
  sums: ItemSums,
  cell: ReportCell,
  { repeated, passed }: { readonly repeated: boolean; readonly passed: boolean | undefined },
): void {
  const erred = cell.status !== 'ok';
  const isBad = erred || passed === false;
  sums.cells += 1;
  if (isBad && sums.bad === 0) {
    sums.trace = { traceId: cell.traceId, traceUrl: cell.traceUrl ?? null };
  }
  if (erred) sums.errors += 1;
  if (isBad) sums.bad += 1;
  if (!erred && passed !== undefined) sums.outcomes.push(passed);
  if (repeated && cell.output !== undefined) sums.outputs.add(contentHash(cell.output));
  for (const { name, value, passed: verdict } of cell.scores) {
    if (verdict === undefined) continue;
    let score = sums.scores.get(name);
    if (score === undefined) {
      score = { graded: 0, passed: 0 };
      sums.scores.set(name, score);
    }
    score.graded += 1;
    if (verdict) score.passed += 1;
    // On other scales the numbers of several scores cannot be put together.
    if (value.type === 'NUMERIC' && value.value >= 0 && value.value <= 1) {
      sums.sum += value.value;
      sums.numbers += 1;
    }
  }
}

function outcomesOf({ outcomes }: ItemSums): { readonly graded: number; readonly passed: number } {
  return { graded: outcomes.length, passed: outcomes.filter((passed) => passed).length };
}

function verdictsOf({ scores }: ItemSums): { readonly graded: number; readonly failed: number } {
  let graded = 0;
  let failed = 0;
  for (const score of scores.values()) {
    graded += score.graded;
    failed += score.graded - score.passed;
  }
  return { graded, failed };
}

const meanOf = ({ sum, numbers }: ItemSums): number | null =>
  numbers === 0 ? null : sum / numbers;

function worstKey(sums: ItemSums): WorstKey {
  const { graded, failed } = verdictsOf(sums);
  return {
    badShare: sums.bad / sums.cells,
    failedShare: graded === 0 ? 0 : failed / graded,
    lowest: meanOf(sums) ?? 1,
    itemId: sums.first.itemId,
  };
}

function compareWorst(a: WorstKey, b: WorstKey): number {
  return (
    b.badShare - a.badShare ||
    b.failedShare - a.failedShare ||
    a.lowest - b.lowest ||
    compareText(a.itemId, b.itemId)
  );
}

function worstEntry(sums: ItemSums): WorstKey & { readonly item: WorstItem } {
  const { first, cells, errors, trace } = sums;
  const item = {
    itemId: first.itemId,
    description: descriptionOf(first),
    input: inputLine(first.item.input),
    cells,
    errors,
    ...verdictsOf(sums),
    mean: meanOf(sums),
    scores: scoresOf(sums, ({ graded, passed }) => passed < graded),
    ...trace,
  };
  return { ...worstKey(sums), item };
}

/** The texts of an input on one line: its members' names and braces say little in a list. */
function inputLine(input: JsonObject): Excerpt {
  const text = Object.values(input)
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
    .join(' · ')
    .replace(/\s+/g, ' ');
  return { text: cutText(text, longestInput), length: text.length };
}

function flakyKey(sums: ItemSums): FlakyKey {
  const { graded, passed } = outcomesOf(sums);
  return {
    distance: Math.abs(passed / graded - 0.5),
    repetitions: graded,
    itemId: sums.first.itemId,
  };
}

function compareFlaky(a: FlakyKey, b: FlakyKey): number {
  return (
    a.distance - b.distance || b.repetitions - a.repetitions || compareText(a.itemId, b.itemId)
  );
}

function flakyEntry(sums: ItemSums): FlakyKey & { readonly item: FlakyItem } {
  const { first, outcomes, outputs, trace } = sums;
  const item = {
    itemId: first.itemId,
    description: descriptionOf(first),
    ...outcomesOf(sums),
    outcomes: outcomes.slice(0, mostOutcomes),
    outputs: outputs.size,
    scores: scoresOf(sums, ({ graded, passed }) => passed > 0 && passed < graded),
    ...trace,
  };
  return { ...flakyKey(sums), item };
}

function descriptionOf({ item }: ReportCell): string | null {
  return item.description === undefined ? null : cutText(item.description, longestInput);
}

function scoresOf(
  { scores }: ItemSums,
  wanted: (score: { readonly graded: number; readonly passed: number }) => boolean,
): readonly ItemScore[] {
  return [...scores]
    .filter(([, score]) => wanted(score))
    .map(([name, score]) => ({ name, ...score }))
    .sort((a, b) => a.passed / a.graded - b.passed / b.graded || compareText(a.name, b.name))
    .slice(0, mostScores);
}
