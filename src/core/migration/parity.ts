import type { MoveFigures } from '../../contracts/platform-migration.js';

/** How many things of a kind were carried: they stand on the target, or should. */
export const carried = ({ written, stood }: MoveFigures): number => written + stood;

/** How many things of a kind were left on purpose, each with a reason. */
export const leftOf = ({ left }: MoveFigures): number =>
  left.reduce((sum, { count }) => sum + count, 0);

/**
 * Whether both sides agree: each thing that was found was carried or left with a reason, and all that was carried reads back
 * equal. What was left is no difference: it is told, and whoever moves decides.
 */
export function isWhole(kinds: readonly MoveFigures[]): boolean {
  return kinds.every(
    (kind) =>
      kind.differing.length === 0 &&
      kind.verified === carried(kind) &&
      kind.found === carried(kind) + leftOf(kind),
  );
}
