import type { Alignment } from './align.js';
import {
  observeCells,
  settledRun,
  startSettling,
  type SettlingCell,
  type SettlingState,
} from './early-stop.js';
import { readScore, type ReadScore } from './evaluator.js';
import type { CellScore, ItemSums, RunScores } from './run-scores.js';
import type { EarlyStop } from './stopped.js';
import type { GateEvaluator } from './types.js';

/** A cell of the head at its place in the seeded random order. */
export interface OrderedCell {
  /** From 0, without gaps. */
  readonly position: number;
  readonly ended: boolean;
  readonly itemId: string;
  /** None while it has not ended, and where it ended in an error. */
  readonly scores: readonly CellScore[];
}

/**
 * The cells from a position on of which all before have ended. One that ended before an earlier one waits for it: whatever
 * ended first is a sample of the fast cells, not of all.
 *
 * @param cells by position.
 */
export function endedPrefix(cells: readonly OrderedCell[], from: number): readonly OrderedCell[] {
  const open = cells.findIndex(({ position, ended }, i) => !ended || position !== from + i);
  return open === -1 ? cells : cells.slice(0, open);
}

export interface HeadWatchInput {
  readonly base: RunScores;
  /** What the head is planned with; its scores are not looked at. */
  readonly head: RunScores;
  readonly alignment: Alignment;
  /** What is compared; only those that decide are watched. */
  readonly evaluators: readonly GateEvaluator[];
  readonly margin: number;
  readonly alpha: number;
  /** How many decide beside the scores (guards of cost and latency, guarded slices of a score): none of them settles. */
  readonly others: number;
  /** Whether a score that the base does not have would keep the run from passing. */
  readonly decides: (score: string) => boolean;
}

/** Holds a head against its complete base while it runs. */
export class HeadWatch {
  readonly #decides: (score: string) => boolean;
  readonly #places: ReadonlyMap<string, number>;
  readonly #known: Set<string>;
  readonly #parts: Part[];
  #open: boolean;
  #next = 0;

  constructor(input: HeadWatchInput) {
    const { alignment, evaluators, others } = input;
    const required = evaluators.filter((each) => each.required !== false);
    const parts = required.length + others;
    this.#decides = input.decides;
    this.#places = new Map(alignment.ids.map((id, place) => [id, place]));
    this.#known = new Set(evaluators.map(({ name }) => name));
    this.#parts = required.flatMap((evaluator) => partOf(evaluator, { ...input, parts }) ?? []);
    this.#open =
      this.#parts.length < required.length ||
      others > 0 ||
      (alignment.clustered && alignment.unclustered === alignment.ids.length);
  }

  /** The first position that was not taken. */
  get next(): number {
    return this.#next;
  }

  /** Whether there is anything that could still be settled. */
  get hopeful(): boolean {
    return this.#parts.length > 0;
  }

  /** Takes the ended prefix of the next cells. @param cells by position, the first at `next`. */
  take(cells: readonly OrderedCell[]): void {
    const taken = endedPrefix(cells, this.#next);
    this.#next += taken.length;
    for (const { scores } of taken) this.#meet(scores);
    this.#parts.splice(0, this.#parts.length, ...this.#parts.flatMap((p) => this.#after(p, taken)));
  }

  /** The verdict, where no rest of the run would change it. */
  settled(): EarlyStop | undefined {
    return settledRun(
      this.#parts.map(({ state }) => state),
      this.#open,
    );
  }

  #meet(scores: readonly CellScore[]): void {
    for (const { name } of scores) {
      if (this.#known.has(name)) continue;
      this.#known.add(name);
      if (this.#decides(name)) this.#open = true;
    }
  }

  #after(part: Part, taken: readonly OrderedCell[]): readonly Part[] {
    const cells: SettlingCell[] = [];
    for (const cell of taken) {
      const place = this.#places.get(cell.itemId);
      const mean = place === undefined ? undefined : part.means[place];
      if (mean === undefined || Number.isNaN(mean)) continue;
      const found = differenceOf(cell, mean, part);
      if (found === undefined) {
        // Another kind of score than the base has, or one off the scale: what that comes to only the comparison can tell.
        this.#open = true;
        return [];
      }
      cells.push(found);
    }
    return [{ ...part, state: observeCells(part.state, cells) }];
  }
}

interface Part {
  readonly read: ReadScore;
  readonly scale: { readonly min: number; readonly max: number };
  readonly types: readonly string[];
  /** The base's mean of each aligned item; NaN where it has none. */
  readonly means: Float64Array;
  readonly state: SettlingState;
}

function partOf(
  evaluator: GateEvaluator,
  of: HeadWatchInput & { readonly parts: number },
): Part | undefined {
  const { base, head, alignment, margin, alpha, parts } = of;
  const column = base.scores.get(evaluator.name);
  // The head is held against what the base says that its scores are.
  const read = readScore(evaluator, { base, head: base, settings: { margin } });
  if (column === undefined || 'verdict' in read || read.shape.scale === null) return undefined;
  const { scale } = read.shape;
  const means = meansOf(read.sides.base, alignment);
  const clusters = new Map<number, number>();
  let cells = 0;
  means.forEach((mean, place) => {
    if (Number.isNaN(mean)) return;
    const planned = head.planned[alignment.head[place] ?? 0] ?? 0;
    const cluster = alignment.cluster[place] ?? 0;
    clusters.set(cluster, (clusters.get(cluster) ?? 0) + planned);
    cells += planned;
  });
  if (clusters.size < 2) return undefined;
  const state = startSettling({
    name: evaluator.name,
    cells,
    clusters: clusters.size,
    largestCluster: [...clusters.values()].reduce((most, n) => Math.max(most, n), 0),
    range: scale.max - scale.min,
    margin: read.shape.margin,
    alpha,
    parts,
  });
  return { read, scale, types: column.types, means, state };
}

function meansOf(sums: ItemSums, alignment: Alignment): Float64Array {
  return Float64Array.from(alignment.base, (item) => {
    const n = sums.n[item] ?? 0;
    return n === 0 ? Number.NaN : (sums.sum[item] ?? 0) / n;
  });
}

/** head − base's mean, higher better; undefined where the score cannot be held against the base's. */
function differenceOf(cell: OrderedCell, mean: number, part: Part): SettlingCell | undefined {
  const { scale, read, types } = part;
  const { name, range } = part.state.plan;
  const sign = read.sides.better === 'higher' ? 1 : -1;
  // Rounding must not carry a difference off its scale.
  const toD = (value: number): number => Math.min(range, Math.max(-range, sign * (value - mean)));
  const score = cell.scores.find((each) => each.name === name);
  const value = score === undefined ? undefined : valueOf(score, read.measure);
  if (score !== undefined && !types.includes(score.value.type)) return undefined;
  if (score === undefined || Number.isNaN(value)) {
    const [a, b] = [toD(scale.min), toD(scale.max)];
    return { worst: Math.min(a, b), best: Math.max(a, b) };
  }
  if (value === undefined || value < scale.min || value > scale.max) return undefined;
  return toD(value);
}

function valueOf({ value, passed }: CellScore, measure: 'value' | 'passed'): number | undefined {
  if (measure === 'passed') return passed === undefined ? undefined : Number(passed);
  return value.type === 'CATEGORICAL' ? undefined : Number(value.value);
}
