import type { ForeseenPush, PushPrompt } from '../contracts/prompt-protocol.js';
import { heldBack } from '../core/prompts/label-moves.js';
import type { PlatformPrompts, PromptToCreate } from '../platforms/prompt-port.js';
import { movesOfLabel } from '../store/prompts/moves.js';
import type { Store } from '../store/store.js';

/** What pushes and their dry runs decide by. */
export interface PlanningOn {
  /** Opened only where a label stands elsewhere. */
  readonly store: () => Promise<Store>;
  readonly platform: string;
  readonly prompts: PlatformPrompts;
  readonly signal: AbortSignal;
}

/**
 * The version that a push asks a platform for. A prompt without labels is served as `latest`, so the newest version must say it:
 * else an old text that git went back to would stand there, and nobody would get it.
 */
export function wantedVersion(request: PushPrompt): PromptToCreate {
  const { name, content, contentHash, labels, tags, reason } = request;
  return {
    name,
    ...content,
    contentHash,
    newest: labels.length === 0,
    ...(tags === undefined ? {} : { tags }),
    ...(reason === undefined ? {} : { message: reason }),
  };
}

/** What a push does with one of its labels: leaves it where it is, and why, or puts it on the version. */
export type PlannedLabel =
  | { readonly held: string }
  | {
      readonly moves: boolean;
      /** Absent where nobody has it. */
      readonly from?: string;
    };

/** Decides about one label. @param to the version that it would be put on. */
export async function planLabel(
  { project, name }: Pick<PushPrompt, 'project' | 'name'>,
  { label, to }: { readonly label: string; readonly to: string },
  on: PlanningOn,
): Promise<PlannedLabel> {
  const { store, platform, prompts, signal } = on;
  const holder = (await prompts.get(name, { label }, signal))?.version;
  if (holder === undefined) return { moves: true };
  if (holder === to) return { moves: false, from: holder };
  const moves = await movesOfLabel(await store(), { project, platform, prompt: name, label });
  const held = heldBack({ label, to, holder, moves });
  return held === undefined ? { moves: true, from: holder } : { held };
}

/** Langfuse takes tags with a new version only. */
export const tagsStay = 'its tags differ there, and change with the next version only';

/** Of a version that has no name yet, whose number the platform does not say beforehand. */
const unnamed = 'the new version';

/** What a push would do on one platform; nothing is written. @throws AssayError what the push would fail with. */
export async function foreseePush(request: PushPrompt, on: PlanningOn): Promise<ForeseenPush> {
  const { platform, prompts, signal } = on;
  const seen = await prompts.foresee(wantedVersion(request), signal);
  const to = seen.version ?? unnamed;
  const labels: { readonly label: string; readonly from?: string }[] = [];
  const notes: string[] = [];
  for (const label of new Set(request.labels)) {
    const planned = await planLabel(request, { label, to }, on);
    if ('held' in planned) notes.push(planned.held);
    else if (planned.moves) {
      labels.push({ label, ...(planned.from === undefined ? {} : { from: planned.from }) });
    }
  }
  if (seen.outcome === 'unchanged' && seen.tagsStay === true) notes.push(tagsStay);
  return {
    platform,
    outcome: seen.outcome,
    ...(seen.version === undefined ? {} : { version: seen.version }),
    labels,
    notes,
  };
}
