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
 * Streams the cells of both sides beside each other, since most of the time goes by in Postgres; one page of each is in memory
 * at a time.
 *
 * @param of.sameItems whether the datasets are known to be equal. Where not, items are compared by the hash of their content,
 *   and such as were changed are left out: another question may have another answer.
 */
export async function loadSides(
  on: Queryable,
  of: {
    readonly head: SideCells;
    readonly base: SideCells;
    readonly sameItems: boolean;
    readonly beat: Beat;
  },
): Promise<LoadedSides> {
  const changed = of.sameItems ? new Set<string>() : await changedItems(on, of);
  const [head, base] = await both(
    load(on, of.head, { changed, beat: of.beat }),
    load(on, of.base, { changed, beat: of.beat }),
  );
  return {
    head: head.scores,
    base: base.scores,
    cells: { head: head.cells, base: base.cells },
    changedItems: [...changed].sort(),
  };
}

/** Waits for both where one fails: an activity that has ended must not go on reading. */
async function both<One, Two>(one: Promise<One>, two: Promise<Two>): Promise<readonly [One, Two]> {
  await Promise.allSettled([one, two]);
  return Promise.all([one, two]);
}

async function changedItems(
  on: Queryable,
  of: { readonly head: SideCells; readonly base: SideCells; readonly beat: Beat },
): Promise<ReadonlySet<string>> {
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

async function load(
  on: Queryable,
  side: SideCells,
  { changed, beat }: { readonly changed: ReadonlySet<string>; readonly beat: Beat },
): Promise<{ readonly scores: RunScores; readonly cells: number }> {
  const builder = new RunScoresBuilder();
  let cells = 0;
  for await (const page of pagesOf(on, side)) {
    beat.cancelled.throwIfAborted();
    addPage(builder, page, changed);
    cells += page.items.length;
    beat.tell({ step: `load ${side.kind}`, cells });
  }
  return { scores: builder.build(), cells };
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

const scoresOf = (scores: Readonly<Record<string, PagedScore>> | undefined): readonly CellScore[] =>
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
