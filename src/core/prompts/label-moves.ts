/** A move of a label, as it was recorded. */
export interface RecordedMove {
  readonly kind: 'push' | 'promote' | 'rollback';
  /** Absent where nobody had the label. */
  readonly from?: string;
  readonly to: string;
}

/** Who had a label before its holder of today, or why nobody knows. */
export type PreviousHolder =
  | { readonly version: string }
  | { readonly unknown: 'no-moves' | 'moved-elsewhere' | 'first-holder' };

/**
 * The version that a rollback goes back to. A rollback undoes the move before it, so that two of them go back two steps; what was
 * moved without us is a step as well, where a later move tells of it.
 *
 * @param moves of one label of one prompt on one platform, oldest first.
 */
export function previousHolder(
  moves: readonly RecordedMove[],
  holder: string | undefined,
): PreviousHolder {
  if (moves.length === 0) return { unknown: 'no-moves' };
  const holders: string[] = [];
  for (const { kind, from, to } of moves) {
    if (from !== undefined && holders.at(-1) !== from) holders.push(from);
    const before = holders.at(-2);
    if (kind === 'rollback' && before === to) holders.pop();
    else if (holders.at(-1) !== to) holders.push(to);
  }
  if (holders.at(-1) !== holder) return { unknown: 'moved-elsewhere' };
  const version = holders.at(-2);
  return version === undefined ? { unknown: 'first-holder' } : { version };
}
