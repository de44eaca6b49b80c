import { AssayError } from '../../core/errors/assay-error.js';
import { promptContentHash } from '../../core/prompts/content.js';
import { ownersLabels } from '../../core/prompts/labels.js';
import type { PromptVersion } from '../../platforms/prompt-port.js';
import {
  findItems,
  pageOfItems,
  putFound,
  stepItems,
  type MovedStep,
} from '../../store/moves/items.js';
import { readPrompt } from './inventory.js';
import type { Moving } from './moving.js';
import { labelKey, promptRows, versionKey } from './prompt-rows.js';

/** Moves prompts one after the other. @returns whether all were. */
export async function movePrompts(moving: Moving): Promise<boolean> {
  const { id: migrationId, store } = moving;
  for (;;) {
    const [prompt] = await pageOfItems(store, {
      migrationId,
      kind: 'prompt',
      states: ['found'],
      limit: 1,
    });
    if (prompt === undefined) return true;
    await movePrompt(moving, prompt.name);
    const { sourceId, name } = prompt;
    const writtenHere = await wroteSome(moving, name);
    await stepItems(store, { migrationId, kind: 'prompt' }, [
      { sourceId, state: 'written', targetId: name, writtenHere },
    ]);
    moving.tell(1, `prompt ${JSON.stringify(prompt.name)}`);
    if (moving.over()) return false;
  }
}

/** Whether some version of a prompt is of this move: else it stood there before. */
async function wroteSome({ id: migrationId, store }: Moving, container: string): Promise<boolean> {
  const of = { migrationId, kind: 'prompt_version', container, states: ['written'] } as const;
  const versions = await pageOfItems(store, { ...of, limit: 10_000 });
  return versions.some(({ writtenHere }) => writtenHere);
}

/** All of its history, the oldest version first, so that versions come in the order in which they were made; labels at the end. */
async function movePrompt(moving: Moving, name: string): Promise<void> {
  const { id: migrationId, store, signal } = moving;
  const { versions, unreadable } = await readPrompt(moving, name);
  await putFound(store, migrationId, promptRows(name, { versions, unreadable }));
  const known = await findItems(
    store,
    { migrationId, kind: 'prompt_version' },
    versions.map(({ version }) => versionKey(name, version)),
  );
  const placed = new Map<string, string>();
  for (const version of versions) {
    const row = known.get(versionKey(name, version.version));
    if (row?.targetId !== undefined) placed.set(version.version, row.targetId);
    if (row?.state !== 'found') continue;
    const there = await moveVersion(moving, version, new Set(placed.values()));
    if (there !== undefined) placed.set(version.version, there);
    signal.throwIfAborted();
  }
  await moveLabels(moving, { name, versions, placed });
}

async function moveVersion(
  { id: migrationId, store, target, signal, tell }: Moving,
  version: PromptVersion,
  earlier: ReadonlySet<string>,
): Promise<string | undefined> {
  const { name, body, config, tags, message } = version;
  const of = { migrationId, kind: 'prompt_version' } as const;
  const sourceId = versionKey(name, version.version);
  try {
    const made = await target.prompts.ensure(
      {
        name,
        body,
        config,
        contentHash: promptContentHash(version),
        tags,
        ...(message === undefined ? {} : { message }),
      },
      signal,
    );
    await stepItems(store, of, [
      {
        sourceId,
        state: 'written',
        targetId: made.version,
        writtenHere: made.created,
        // Equal content is one version there.
        ...(earlier.has(made.version) ? { reason: 'says the same as an earlier version' } : {}),
      },
    ]);
    tell(1, `prompt ${JSON.stringify(name)}`);
    return made.version;
  } catch (error) {
    await stepItems(store, of, [{ sourceId, state: 'left', reason: refusalOf(error) }]);
    return undefined;
  }
}

/** Why the target will not take a thing, however often it is asked. @throws what is no word on the thing itself. */
export function refusalOf(error: unknown): string {
  const isAboutIt =
    AssayError.is(error) &&
    ['PLATFORM_REFUSED', 'PROMPT_INVALID', 'DATASET_INVALID', 'NAME_INVALID'].includes(error.code);
  if (!isAboutIt) throw error;
  return error.message;
}

async function moveLabels(
  moving: Moving,
  of: {
    readonly name: string;
    readonly versions: readonly PromptVersion[];
    readonly placed: ReadonlyMap<string, string>;
  },
): Promise<void> {
  const { id: migrationId, store } = moving;
  const { name, versions, placed } = of;
  const ours = new Set(placed.values());
  const key = { migrationId, kind: 'prompt_label' } as const;
  for (const { version, labels } of versions) {
    for (const label of ownersLabels(labels)) {
      const sourceId = labelKey(name, label);
      const row = (await findItems(store, key, [sourceId])).get(sourceId);
      if (row?.state !== 'found') continue;
      await stepItems(store, key, [
        { sourceId, ...(await moveLabel(moving, { name, label, to: placed.get(version), ours })) },
      ]);
    }
  }
}

/** What became of a label. One that stands on a version of others stays there, unless it may be taken from it. */
async function moveLabel(
  { move, target, signal }: Moving,
  of: {
    readonly name: string;
    readonly label: string;
    readonly to: string | undefined;
    readonly ours: ReadonlySet<string>;
  },
): Promise<Omit<MovedStep, 'sourceId'>> {
  const { name, label, to, ours } = of;
  if (to === undefined) return { state: 'left', reason: 'its version was left' };
  try {
    if (move.spec.onConflict === 'skip') {
      const holder = await target.prompts.get(name, { label }, signal);
      if (holder !== undefined && !ours.has(holder.version)) {
        return { state: 'left', reason: 'it stands on another version there' };
      }
    }
    const { moved } = await target.prompts.moveLabel(name, { label, version: to }, signal);
    return { state: 'written', targetId: to, writtenHere: moved };
  } catch (error) {
    return { state: 'left', reason: refusalOf(error) };
  }
}
