import { changedFields } from '../../core/dataset/item-fields.js';
import { promptContentHash } from '../../core/prompts/content.js';
import { withoutPlatformMarks } from '../../platforms/item-marks.js';
import { dropCursors, putCursor, readCursor } from '../../store/moves/cursors.js';
import { pageOfItems, stepItems, type MovedRow, type MovedStep } from '../../store/moves/items.js';
import { dropMovedBodies } from '../../store/moves/outbox.js';
import {
  carriedItems,
  countUnseen,
  leaveRefused,
  missUnseen,
  settleGroups,
} from '../../store/moves/verified.js';
import { idThere, keysThere } from './items-there.js';
import { differingFields } from './move-datasets.js';
import type { Moving } from './moving.js';
import { verifyGroup } from './verify-traces.js';

const written = ['written'] as const;

/**
 * Reads the target back and compares, container by container. @returns how much of what was sent is not shown yet, once all was
 * looked at; undefined before.
 */
export async function verifyMove(
  moving: Moving,
  { lastLook }: { readonly lastLook: boolean },
): Promise<number | undefined> {
  const { id: migrationId, store } = moving;
  await leaveRefused(store, migrationId);
  for (const [kind, verify] of [
    ['dataset', verifyDataset],
    ['prompt', verifyPrompt],
    ['experiment', verifyGroup],
    ['project', verifyGroup],
  ] as const) {
    for (let after = ''; ;) {
      const page = { migrationId, kind, states: written, after, limit: 50 };
      const rows = await pageOfItems(store, page);
      for (const row of rows) {
        if (!(await verify(moving, row))) return undefined;
        after = row.sourceId;
      }
      if (rows.length < page.limit) break;
    }
  }
  const unseen = await countUnseen(store, migrationId);
  if (unseen > 0 && !lastLook) {
    // Begun anew with the next look; what was found is not looked for again.
    await dropCursors(store, { migrationId, kind: 'verify' });
    return unseen;
  }
  await missUnseen(store, { migrationId, kinds: ['trace', 'score'] });
  await settleGroups(store, migrationId);
  await dropMovedBodies(store, migrationId);
  return 0;
}

async function verifyDataset(moving: Moving, row: MovedRow): Promise<boolean> {
  const { id: migrationId, source, target, store, signal } = moving;
  const of = { migrationId, kind: 'dataset' } as const;
  const key = { migrationId, kind: 'verify', container: row.sourceId } as const;
  const [here, there] = [
    await source.datasets.get(row.name, signal),
    await target.datasets.get(row.name, signal),
  ];
  if (there === undefined) {
    await stepItems(store, of, [
      { sourceId: row.sourceId, state: 'differs', reason: 'the target does not show it' },
    ]);
    await missUnseen(store, { migrationId, kinds: ['item'], container: row.sourceId });
    return true;
  }
  const at = await readCursor(store, key);
  let from = Number(at.cursor ?? 0);
  for await (const page of target.datasets.items({ dataset: row.name, from, signal })) {
    // By both, since one that was taken out and came back has another id than writing it gives it.
    const shown = new Map(
      page.flatMap((each) => [
        [idThere(target, there, withoutPlatformMarks(each.item)), each] as const,
        [each.platformId, each] as const,
      ]),
    );
    const carried = await carriedItems(store, { migrationId, container: row.sourceId }, [
      ...shown.keys(),
    ]);
    const steps = carried.flatMap(({ sourceId, targetId, sourceHash }): readonly MovedStep[] => {
      const item = shown.get(targetId);
      if (item === undefined) return [];
      const keys = keysThere(target, { item: item.item, splits: item.splits });
      if (keys === sourceHash) return [{ sourceId, state: 'verified' }];
      const fields = changedFields(sourceHash, keys).join(', ');
      return [{ sourceId, state: 'differs', reason: `reads back with other ${fields}` }];
    });
    await stepItems(store, { migrationId, kind: 'item' }, steps);
    from += page.length;
    await putCursor(store, key, { cursor: String(from), done: false });
    moving.tell(page.length, `dataset ${JSON.stringify(row.name)} is read back`);
    if (moving.over()) return false;
  }
  await missUnseen(store, { migrationId, kinds: ['item'], container: row.sourceId });
  // What stands there by the choice of whoever moved is told as such, and is no difference.
  const others = here === undefined || row.reason !== undefined ? [] : differingFields(here, there);
  await stepItems(store, of, [
    {
      sourceId: row.sourceId,
      ...(others.length === 0
        ? { state: 'verified' }
        : { state: 'differs', reason: `reads back with other ${others.join(', ')}` }),
    },
  ]);
  return true;
}

async function verifyPrompt(moving: Moving, row: MovedRow): Promise<boolean> {
  const { id: migrationId, target, store, signal } = moving;
  const hashes = new Map<string, string>();
  const labels = new Map<string, string>();
  // Versions of others that cannot be read are none of ours.
  for await (const page of target.prompts.versions(row.name, signal, () => undefined)) {
    for (const version of page) {
      hashes.set(version.version, promptContentHash(version));
      for (const label of version.labels) labels.set(label, version.version);
    }
  }
  const page = { migrationId, states: written, container: row.name, limit: 10_000 } as const;
  const versions = await pageOfItems(store, { ...page, kind: 'prompt_version' });
  await stepItems(
    store,
    { migrationId, kind: 'prompt_version' },
    versions.map((version) =>
      comparison(version, hashes.get(version.targetId ?? ''), version.sourceHash),
    ),
  );
  const marks = await pageOfItems(store, { ...page, kind: 'prompt_label' });
  await stepItems(
    store,
    { migrationId, kind: 'prompt_label' },
    marks.map((mark) => comparison(mark, labels.get(labelIn(mark)), mark.targetId)),
  );
  await stepItems(store, { migrationId, kind: 'prompt' }, [
    {
      sourceId: row.sourceId,
      ...(hashes.size > 0
        ? { state: 'verified' }
        : { state: 'differs', reason: 'the target does not show it' }),
    },
  ]);
  moving.tell(1, `prompt ${JSON.stringify(row.name)} is read back`);
  return !moving.over();
}

function comparison(
  { sourceId }: MovedRow,
  shown: string | undefined,
  meant: string | undefined,
): MovedStep {
  if (shown === undefined) {
    return { sourceId, state: 'differs', reason: 'the target does not show it' };
  }
  return shown === meant
    ? { sourceId, state: 'verified' }
    : { sourceId, state: 'differs', reason: 'reads back otherwise' };
}

function labelIn({ sourceId }: MovedRow): string {
  const key = JSON.parse(sourceId) as readonly string[];
  return key[2] ?? '';
}
