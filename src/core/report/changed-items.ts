import type { ItemSums, RunScores } from '../regression/run-scores.js';
import { excerpt, cutText } from './excerpt.js';
import { compareText } from './frequency-table.js';
import type { ReportCell } from './report-input.js';
import type { ChangedItem, ComparisonResult, ReportComparison } from './report-model.js';
import { TopList } from './top-list.js';

const mostListed = 100;
const longestBody = 1_500;
const longestLine = 300;

/** An item whose score is another in head than in base. */
export interface ItemChange {
  readonly itemId: string;
  readonly score: string;
  /** head − base, higher better. */
  readonly change: number;
  readonly base: number;
  readonly head: number;
}

/** The items that changed, counted, and those that deserve to be shown. */
export interface ItemChanges {
  readonly worse: number;
  readonly better: number;
  readonly listed: readonly ItemChange[];
}

/**
 * Finds the items whose required scores (all scores, where none is required) changed: the 100 with the largest losses, and
 * where there are fewer the largest gains. An item counts once, by the score that changed most.
 */
export function itemChanges(of: {
  readonly base: RunScores;
  readonly head: RunScores;
  readonly result: ComparisonResult;
}): ItemChanges {
  const { base, head, result } = of;
  const required = result.evaluators.filter((score) => score.required);
  const scores = required.length > 0 ? required : result.evaluators;
  const sides = scores.map((score) => ({
    name: score.name,
    sign: score.better === 'lower' ? -1 : 1,
    base: sumsOf(base, score),
    head: sumsOf(head, score),
  }));
  const places = new Map(base.items.map((itemId, i) => [itemId, i]));
  const list = new TopList<ItemChange, ItemChange>(mostListed, compareChanges);
  let worse = 0;
  let better = 0;
  for (const [i, itemId] of head.items.entries()) {
    const j = places.get(itemId);
    const change = j === undefined ? undefined : largest(itemId, { sides, base: j, head: i });
    if (change === undefined) continue;
    if (change.change < 0) worse += 1;
    else better += 1;
    list.offer(change, () => change);
  }
  return { worse, better, listed: list.entries };
}

interface ScoreSides {
  readonly name: string;
  readonly sign: number;
  readonly base: ItemSums | null;
  readonly head: ItemSums | null;
}

function sumsOf(run: RunScores, score: ComparisonResult['evaluators'][number]): ItemSums | null {
  const column = run.scores.get(score.name);
  if (column === undefined || score.measure === null) return null;
  return score.measure === 'passed' ? column.passes : column.values;
}

function meanAt(sums: ItemSums | null, place: number): number | undefined {
  const n = sums?.n[place] ?? 0;
  return sums === null || n === 0 ? undefined : (sums.sum[place] ?? 0) / n;
}

function largest(
  itemId: string,
  at: { readonly sides: readonly ScoreSides[]; readonly base: number; readonly head: number },
): ItemChange | undefined {
  let found: ItemChange | undefined;
  for (const side of at.sides) {
    const base = meanAt(side.base, at.base);
    const head = meanAt(side.head, at.head);
    if (base === undefined || head === undefined || base === head) continue;
    const change = side.sign * (head - base);
    const next = { itemId, score: side.name, change, base, head };
    // No gain of another score, however large, hides a loss.
    if (found === undefined || compareChanges(next, found) < 0) found = next;
  }
  return found;
}

/** Losses before gains, each the largest first. */
function compareChanges(a: ItemChange, b: ItemChange): number {
  if (a.change < 0 !== b.change < 0) return a.change < 0 ? -1 : 1;
  return Math.abs(b.change) - Math.abs(a.change) || compareText(a.itemId, b.itemId);
}

/** A changed item with its outputs: of each run the cell that is shown, its first repetition that gave an output. */
export function changedItem(
  change: ItemChange,
  cells: { readonly base: ReportCell | undefined; readonly head: ReportCell | undefined },
): ChangedItem {
  const item = (cells.head ?? cells.base)?.item;
  const { description } = item ?? {};
  return {
    itemId: change.itemId,
    description: description === undefined ? null : cutText(description, longestLine),
    score: change.score,
    change: change.change,
    input: excerpt(item?.input ?? {}, longestBody),
    expected: item?.expected === undefined ? null : excerpt(item.expected, longestBody),
    base: sideOf(cells.base, change.base),
    head: sideOf(cells.head, change.head),
  };
}

type Side = NonNullable<ReportComparison['changed']>['listed'][number]['base'];

function sideOf(cell: ReportCell | undefined, value: number): Side {
  return {
    value,
    output: cell?.output === undefined ? null : excerpt(cell.output, longestBody),
    traceId: cell?.traceId ?? '',
    traceUrl: cell?.traceUrl ?? null,
  };
}
