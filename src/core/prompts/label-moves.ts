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

/**
 * Why a push leaves a label where it is, in half a sentence; undefined where it puts it on the version. `production` is moved by
 * a promotion only, which may ask for a gate; and what a rollback took from a version is not given back by files that did not
 * change.
 */
export function heldBack(of: {
  readonly label: string;
  readonly to: string;
  /** The version that has it now. */
  readonly holder: string | undefined;
  /** The moves of the label that were made, oldest first. */
  readonly moves: readonly RecordedMove[];
}): string | undefined {
  const { label, to, holder, moves } = of;
  if (holder === undefined || holder === to) return undefined;
  if (label === productionLabel) {
    return `${label} stays on ${holder}: \`assay prompts promote\` moves it`;
  }
  const last = moves.at(-1);
  return last?.kind === 'rollback' && last.from === to
    ? `${label} stays on ${holder}: it was rolled back from this version; \`assay prompts promote\` moves it`
    : undefined;
}

/** What applications are served unless they ask for something else. */
const productionLabel = 'production';
