import type { ComparisonContext } from './comparison-context.js';
import type { ItemSums, RunScores } from './run-scores.js';
import type { GrowthComparison } from './types.js';

/** Which items have a cost or a latency, and what lacks one. */
export interface MeasuredPlaces {
  /** Places of the alignment that both sides have measured. */
  readonly both: Uint32Array;
  readonly unmeasured: GrowthComparison['unmeasured'];
  readonly cellsMissing: GrowthComparison['cellsMissing'];
  /** By how much the ratio would grow at most if each missing cell of head took twice the rest, and each of the base half. */
  readonly unseen: number;
}

/** Looks at each common item. */
export function measuredPlaces(
  { alignment, ...runs }: Pick<ComparisonContext, 'alignment' | 'base' | 'head'>,
  { base, head }: { readonly base: ItemSums | null; readonly head: ItemSums | null },
): MeasuredPlaces {
  const both: number[] = [];
  const unmeasured = { base: 0, head: 0 };
  const cells = { base: noCells(), head: noCells() };
  for (let place = 0; place < alignment.ids.length; place += 1) {
    const [b, h] = [alignment.base[place] ?? 0, alignment.head[place] ?? 0];
    const [inBase, inHead] = [base?.n[b] ?? 0, head?.n[h] ?? 0];
    if (inBase > 0 && inHead > 0) both.push(place);
    if (inBase === 0) unmeasured.base += 1;
    if (inHead === 0) unmeasured.head += 1;
    if (inBase > 0) addCells(cells.head, { run: runs.head, item: h, measured: inHead });
    if (inHead > 0) addCells(cells.base, { run: runs.base, item: b, measured: inBase });
  }
  const share = ({ planned, missing }: CellCount): number =>
    planned === 0 ? 0 : missing / planned;
  return {
    both: Uint32Array.from(both),
    unmeasured,
    cellsMissing: { base: cells.base.missing, head: cells.head.missing },
    unseen: (1 + share(cells.head)) * (1 + share(cells.base)) - 1,
  };
}

interface CellCount {
  planned: number;
  missing: number;
}

const noCells = (): CellCount => ({ planned: 0, missing: 0 });

function addCells(
  count: CellCount,
  of: { readonly run: RunScores; readonly item: number; readonly measured: number },
): void {
  const planned = Math.max(of.measured, of.run.planned[of.item] ?? 0);
  count.planned += planned;
  count.missing += planned - of.measured;
}
