import type { MaxFailures } from '../../contracts/experiment-spec.js';

/** A share is looked at once so many cells have ended: one failure among the first two is no half of a run. */
export const fewestForShare = 20;

/** How many cells of a run may fail. */
export function failuresAllowed(limit: MaxFailures, planned: number): number {
  // 5 % of 20 is 1.0000000000000002 in floating point for some shares: half a cell of tolerance never changes a count.
  return 'count' in limit ? limit.count : Math.floor(limit.share * planned + 1e-9);
}

/** `5 %`, or `10 cells`, as people wrote it. */
export function limitText(limit: MaxFailures): string {
  if ('count' in limit) return limit.count === 1 ? '1 cell' : `${limit.count} cells`;
  return `${Number((limit.share * 100).toFixed(4))} %`;
}
