import { idList, type Alignment } from './align.js';
import type { Sides } from './paired-items.js';
import type { EvaluatorComparison } from './types.js';

/** Which common items have a score. */
export interface ScoredPlaces {
  /** Places of the alignment that both sides have scored. */
  readonly both: Uint32Array;
  readonly unscored: EvaluatorComparison['unscored'];
}

/** Looks at each common item. */
export function scoredPlaces(
  alignment: Alignment,
  sides: Pick<Sides, 'base' | 'head'>,
): ScoredPlaces {
  const both: number[] = [];
  const base: string[] = [];
  const top: string[] = [];
  let neither = 0;
  for (const [place, id] of alignment.ids.entries()) {
    const inBase = (sides.base.n[alignment.base[place] ?? 0] ?? 0) > 0;
    const inHead = (sides.head.n[alignment.head[place] ?? 0] ?? 0) > 0;
    if (inBase && inHead) both.push(place);
    else if (inHead) base.push(id);
    else if (inBase) top.push(id);
    else neither += 1;
  }
  return {
    both: Uint32Array.from(both),
    unscored: { base: idList(base), head: idList(top), both: neither },
  };
}
