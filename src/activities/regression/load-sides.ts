import type { BaselineVersion } from '../../store/baselines/cells.js';
import { baselinePages } from '../../store/baselines/cells.js';
import {
  RunScoresBuilder,
  type CellScore,
  type RunScores,
} from '../../core/regression/run-scores.js';
import {
  cellPages,
  itemPages,
  labelPages,
  type CellPage,
  type PagedScore,
} from '../../store/cell-pages.js';
import type { Queryable } from '../../store/query.js';
import type { Beat } from '../heartbeat.js';

/** Where the cells of a side are. */
export type SideCells =
  | { readonly kind: 'run'; readonly experimentId: string }
  | ({ readonly kind: 'baseline' } & BaselineVersion);

/** Both sides as a comparison takes them: a few numbers per item and score, however many cells there were. */
export interface LoadedSides {
  readonly head: RunScores;
  readonly base: RunScores;
  readonly cells: { readonly head: number; readonly base: number };
  /** Items that both have with another content; they are in neither. */
  readonly changedItems: readonly string[];
}

const pagesOf = (on: Queryable, side: SideCells): AsyncGenerator<CellPage> =>
  side.kind === 'run' ? cellPages(on, side.experimentId) : baselinePages(on, side);

// A run's cells take ten times as long as its items.
const itemsOf = (
  on: Queryable,
  side: SideCells,
): AsyncGenerator<Pick<CellPage, 'items' | 'hashes'>> =>
  side.kind === 'run' ? itemPages(on, side.experimentId) : baselinePages(on, side);

/**
 * Streams the cells of both sides, one page after the other: both are read in one snapshot, which is of one connection.
 *
 * @param of.endedEarly whether the head was ended before all of its cells were run: items of which none was are in neither side.
 * @param of.sameItems whether the datasets are known to be equal. Where not, items are compared by the hash of their content,
 *   and such as were changed are left out: another question may have another answer.
 */
export async function loadSides(
  on: Queryable,
  of: {
    readonly head: SideCells;
    readonly base: SideCells;
    readonly sameItems: boolean;
    readonly endedEarly?: boolean;
    readonly beat: Beat;
  },
): Promise<LoadedSides> {
  const changed = await changedItems(on, of);
  const { beat } = of;
  const head = await loadScores(on, of.head, { left: changed, beat, skipped: !of.endedEarly });
  // Of the base only what the head has run: which items those are is known once the head was read.
  const left = of.endedEarly === true ? new Set([...changed, ...head.onlySkipped]) : changed;
  const base = await loadScores(on, of.base, { left, beat });
  return {
    head: head.scores,
    base: base.scores,
    cells: { head: head.cells, base: base.cells },
    changedItems: [...changed].sort(),
  };
}

/** Items that both sides have with another content. */
export async function changedItems(
  on: Queryable,
  of: {
    readonly head: SideCells;
    readonly base: SideCells;
    readonly sameItems: boolean;
    readonly beat: Beat;
  },
): Promise<ReadonlySet<string>> {
  if (of.sameItems) return new Set();
  const hashes = new Map<string, string>();
  for await (const page of itemsOf(on, of.base)) {
    page.items.forEach((item, at) => hashes.set(item, page.hashes[at] ?? ''));
    of.beat.tell({ step: 'items of the base', items: hashes.size });
  }
  const changed = new Set<string>();
  for await (const page of itemsOf(on, of.head)) {
    of.beat.cancelled.throwIfAborted();
    page.items.forEach((item, at) => {
      const before = hashes.get(item);
      if (before !== undefined && before !== page.hashes[at]) changed.add(item);
    });
  }
  return changed;
}

/** One side. */
export interface LoadedSide {
  readonly scores: RunScores;
  readonly cells: number;
  /** Items none of whose cells was run, where skipped cells are left out. */
  readonly onlySkipped: ReadonlySet<string>;
}

/**
 * Streams the cells of one side.
 *
 * @param options.left items to leave out.
 * @param options.skipped whether cells that were skipped count as planned ones without a score. Default true.
 */
export async function loadScores(
  on: Queryable,
  side: SideCells,
  options: {
    readonly left: ReadonlySet<string>;
    readonly beat: Beat;
    readonly skipped?: boolean;
  },
): Promise<LoadedSide> {
  const { left, beat, skipped = true } = options;
  const builder = new RunScoresBuilder();
  const [ran, notRun] = [new Set<string>(), new Set<string>()];
  let cells = 0;
  for await (const whole of pagesOf(on, side)) {
    beat.cancelled.throwIfAborted();
    const page = skipped ? whole : withoutSkipped(whole, { ran, notRun });
    addPage(builder, page, left);
    cells += page.items.length;
    beat.tell({ step: `load ${side.kind}`, cells });
  }
  for (const item of ran) notRun.delete(item);
  return { scores: builder.build(), cells, onlySkipped: notRun };
}

/** The cells of a page that were run; notes of each item whether any was. */
export function withoutSkipped(
  page: CellPage,
  { ran, notRun }: { readonly ran: Set<string>; readonly notRun: Set<string> },
): CellPage {
  const isRun = (_: unknown, at: number): boolean => page.statuses[at] !== 'skipped';
  page.items.forEach((item, at) => (isRun(item, at) ? ran : notRun).add(item));
  return {
    items: page.items.filter(isRun),
    hashes: page.hashes.filter(isRun),
    repetitions: page.repetitions.filter(isRun),
    statuses: page.statuses.filter(isRun),
    latencies: page.latencies.filter(isRun),
    costs: page.costs.filter(isRun),
    scores: page.scores.filter(isRun),
    ...(page.abstained === undefined ? {} : { abstained: page.abstained.filter(isRun) }),
  };
}

/** Adds the cells of a page. */
export function addPage(
  builder: RunScoresBuilder,
  page: CellPage,
  left: ReadonlySet<string> = new Set(),
): void {
  page.items.forEach((itemId, at) => {
    if (left.has(itemId)) return;
    const latencyMs = page.latencies[at] ?? undefined;
    const costDollars = page.costs[at] ?? undefined;
    const abstained = page.abstained?.[at] ?? undefined;
    builder.add({ itemId, scores: scoresOf(page.scores[at]), abstained, latencyMs, costDollars });
  });
}

/** The scores of a cell as a comparison takes them. */
export const scoresOf = (
  scores: Readonly<Record<string, PagedScore>> | undefined,
): readonly CellScore[] =>
  Object.entries(scores ?? {}).map(([name, [value, passed]]) => ({
    name,
    value:
      typeof value === 'string'
        ? { type: 'CATEGORICAL', value }
        : typeof value === 'boolean'
          ? { type: 'BOOLEAN', value }
          : { type: 'NUMERIC', value: value ?? Number.NaN },
    ...(passed === null ? {} : { passed }),
  }));

/** The values of some fields of the head's items: by field, then by item; items without one are not in it. */
export async function loadLabels(
  on: Queryable,
  experimentId: string,
  pointers: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const labels = pointers.map((pointer) => [pointer, new Map<string, string>()] as const);
  if (pointers.length === 0) return new Map();
  for await (const page of labelPages(on, experimentId, pointers)) {
    labels.forEach(([, values], field) => {
      page.items.forEach((item, at) => {
        const value = page.labels[field]?.[at];
        if (value !== null && value !== undefined) values.set(item, value);
      });
    });
  }
  return new Map(labels);
}
