import { packKeys, plainFieldKeys } from '../../core/dataset/item-fields.js';
import { splitsOf } from '../../core/dataset/splits.js';
import type { DatasetItem } from '../../contracts/records.js';
import { changedWhilePushed, datasetStamp } from '../../datasets/dataset-stamp.js';
import { createProblemList } from '../../datasets/problem-list.js';
import type { PlatformDatasets } from '../../platforms/dataset-port.js';
import {
  countRemoved,
  dropListed,
  findListed,
  itemKey,
  keepListed,
  putListed,
  type ItemKey,
} from '../../store/datasets/push-items.js';
import { openPushed } from './check-push.js';
import { listNewest } from './push-list.js';
import type { Pushing } from './pushing.js';

/** Items that are compared at a time. */
const comparedAtOnce = 500;
/** Items that are written before it is noted that they stand: what a killed worker can leave unsaid. */
const writtenAtOnce = 100;

/** An item of the files beside what the platform has of it. */
interface ComparedItem {
  readonly item: DatasetItem;
  readonly splits: readonly string[];
  /** Its id there, where that can be told; else its own. */
  readonly platformId: string;
  readonly key: ItemKey;
  readonly fieldKeys: string;
  readonly state: 'unchanged' | 'added' | 'changed';
  /** Whether it stands there as it is to be: always where it is unchanged, else by a page that was cut short. */
  readonly stands: boolean;
  /** Whether an item of its id stands there, however it is. */
  readonly replaces: boolean;
}

/** Writes the items that the platform has not, or has otherwise, in the order of the files. */
export async function writeChanged(pushing: Pushing): Promise<void> {
  const { ports, slice, signal } = pushing;
  const { dataset: name } = slice.request;
  const dataset = await openPushed(name, ports);
  const isMeant = async (): Promise<boolean> =>
    (await datasetStamp(dataset, signal)) === slice.checked.stamp;
  if (!(await isMeant())) throw changedWhilePushed(name);
  if (pushing.push.begun) await listNewest(pushing);
  const problems = createProblemList();
  let position = 0;
  for await (const page of dataset.pages({ problems, signal, pageItems: comparedAtOnce })) {
    const known = Math.min(page.length, Math.max(0, pushing.push.cursor - position));
    position += page.length;
    if (known === page.length) continue;
    const items = page.slice(known).map(({ item }) => item);
    for (const range of rangesOf(await compare(pushing, items))) {
      await writeRange(pushing, range);
      if (pushing.over() && pushing.push.cursor < slice.checked.items) return;
    }
  }
  if (problems.count > 0 || position !== slice.checked.items || !(await isMeant())) {
    throw changedWhilePushed(name);
  }
  const removed = await countRemoved(ports.store, pushing.push);
  const archives = removed > 0 && slice.request.archiveRemoved;
  await pushing.step({ phase: archives ? 'archiving' : 'done', add: { removed } }, async (on) => {
    if (!archives) await dropListed(on, pushing.push);
  });
}

async function compare(
  { platform, push, ports }: Pushing,
  items: readonly DatasetItem[],
): Promise<readonly ComparedItem[]> {
  const { datasets } = platform;
  const here = items.map((item) => placedThere(item, { datasets, push }));
  const there = await findListed(
    ports.store,
    push,
    here.map(({ key }) => key),
  );
  return here.map((each) => {
    const known = there.get(each.key);
    if (known === undefined) return { ...each, state: 'added', stands: false, replaces: false };
    const { fieldKeys, writtenAs } = known;
    const stands = fieldKeys === each.fieldKeys;
    const state = writtenAs ?? (stands ? 'unchanged' : 'changed');
    return { ...each, state, stands, replaces: true };
  });
}

function placedThere(
  item: DatasetItem,
  { datasets, push }: { readonly datasets: PlatformDatasets; readonly push: Pushing['push'] },
): Omit<ComparedItem, 'state' | 'stands' | 'replaces'> {
  const splits = splitsOf(item.metadata);
  const dataset = { id: push.datasetId ?? '', name: push.dataset };
  const platformId = datasets.platformId?.(dataset, item) ?? item.id;
  return {
    item,
    splits,
    platformId,
    key: itemKey(platformId),
    fieldKeys: packKeys(datasets.fieldKeys?.({ item, splits }) ?? plainFieldKeys(item, splits)),
  };
}

/**
 * Consecutive items with as many that are new or changed as go at once. Those that stand by now count as well: a page that a
 * rate limit cuts short again and again would have no end otherwise.
 */
function rangesOf(items: readonly ComparedItem[]): readonly (readonly ComparedItem[])[] {
  const ranges: ComparedItem[][] = [];
  let range: ComparedItem[] = [];
  let writes = 0;
  for (const each of items) {
    if (each.state !== 'unchanged') {
      if (writes === writtenAtOnce) {
        ranges.push(range);
        range = [];
        writes = 0;
      }
      writes += 1;
    }
    range.push(each);
  }
  if (range.length > 0) ranges.push(range);
  return ranges;
}

async function writeRange(pushing: Pushing, range: readonly ComparedItem[]): Promise<void> {
  const { platform, signal, push } = pushing;
  const writes = range.filter(({ stands }) => !stands);
  const count = (state: ComparedItem['state']): number =>
    range.reduce((sum, each) => sum + (each.state === state ? 1 : 0), 0);
  let sent: { readonly requests: number; readonly lastChange?: string } = { requests: 0 };
  if (writes.length > 0) {
    // Before the first of them leaves: whoever goes on after us then looks at what stands.
    if (!push.begun) await pushing.step({ begun: true });
    sent = await platform.datasets.writeItems({
      dataset: { id: push.datasetId ?? '', name: push.dataset },
      items: writes.map(({ item, splits, replaces }) => ({ item, splits, replaces })),
      signal,
      onProgress: (written) => {
        pushing.tell(written);
      },
    });
  }
  const { requests } = sent;
  // Where the platform does not say when it stood, it stands by now.
  const lastChange = sent.lastChange ?? (writes.length > 0 ? new Date().toISOString() : undefined);
  await pushing.step(
    {
      add: {
        cursor: range.length,
        unchanged: count('unchanged'),
        added: count('added'),
        changed: count('changed'),
        requests,
      },
      ...(lastChange === undefined ? {} : { lastChange }),
    },
    async (on) => {
      const stood = range.filter(({ stands }) => stands);
      await keepListed(
        on,
        pushing.push,
        stood.map(({ key }) => key),
      );
      await putListed(on, { ...pushing.push, kept: true }, writes);
    },
  );
}
