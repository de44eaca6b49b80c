import type { MovedLabel, PromptMove } from '../../contracts/prompt-protocol.js';
import type { PlatformPrompts } from '../../platforms/prompt-port.js';
import { finishMove, findMove, recordMove, type NewMove } from '../../store/prompts/moves.js';
import type { Store } from '../../store/store.js';

/** A move with the one who makes it. */
export type LabelMove = Omit<NewMove, 'from'>;

/**
 * Moves a label and records it: what it stood on first, since a platform forgets that, then the move, then that it was made. Can be
 * repeated after any of these steps; a label that stands there already is no move and no record.
 */
export async function moveLabel(
  move: LabelMove,
  on: { readonly store: Store; readonly prompts: PlatformPrompts; readonly signal: AbortSignal },
): Promise<MovedLabel> {
  const { store, prompts, signal } = on;
  const { key, prompt, label, to } = move;
  const known = await findMove(store, key);
  if (known?.doneAt !== undefined) return movedLabel(known);
  if (known === undefined) {
    const holder = await prompts.get(prompt, { label }, signal);
    if (holder?.version === to) return { label, moved: false, from: to, to };
    await recordMove(store, { ...move, from: holder?.version });
  }
  await prompts.moveLabel(prompt, { label, version: to }, signal);
  await finishMove(store, key);
  const made = await findMove(store, key);
  return made === undefined ? { label, moved: true, to } : movedLabel(made);
}

const movedLabel = ({ label, from, to }: PromptMove): MovedLabel => ({
  label,
  moved: true,
  ...(from === undefined ? {} : { from }),
  to,
});
