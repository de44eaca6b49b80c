import { packKeys, plainFieldKeys } from '../../core/dataset/item-fields.js';
import type { PlatformItem } from '../../platforms/dataset-port.js';
import { patiently } from '../../platforms/patience.js';
import {
  itemKey,
  putListed,
  putWritten,
  type ListedItem,
} from '../../store/datasets/push-items.js';
import type { Pushing } from './pushing.js';

/** Lists what the platform holds of the dataset, page by page into rows; goes on after the last page that stands. */
export async function listThere(pushing: Pushing): Promise<void> {
  const { platform, signal } = pushing;
  const { datasets } = platform;
  if (pushing.push.datasetId === undefined) {
    const { projectId } = await patiently(signal, () => platform.describe(signal));
    const made = await datasets.ensure({ name: pushing.push.dataset }, signal);
    await pushing.step({
      datasetId: made.id,
      url: datasets.url(projectId, made.id),
      // Of one that was just made nothing can be listed.
      ...(made.created ? { phase: 'writing' } : {}),
      add: { requests: made.created ? 2 : 1 },
    });
    if (made.created) return;
  }
  const request = { dataset: pushing.push.dataset, from: pushing.push.listed, signal };
  for await (const page of datasets.items(request)) {
    await keepPage(pushing, page, { listed: page.length, put: putListed });
    if (pushing.over()) return;
  }
  await pushing.step({ phase: 'writing' });
}

/**
 * Looks at the newest items again, since a page that was being written when its worker died may stand in part: on a platform that
 * lists the newest first they are there, and are not written twice.
 */
export async function listNewest(pushing: Pushing): Promise<void> {
  const { platform, signal, push } = pushing;
  for await (const page of platform.datasets.items({ dataset: push.dataset, signal })) {
    await keepPage(pushing, page, { listed: 0, put: putWritten });
    return;
  }
}

async function keepPage(
  pushing: Pushing,
  page: readonly PlatformItem[],
  { listed, put }: { readonly listed: number; readonly put: typeof putWritten },
): Promise<void> {
  const items = page.map((each) => listedItem(pushing, each));
  const lastChange = page
    .flatMap(({ updatedAt }) => updatedAt ?? [])
    .reduce<string | undefined>(
      (last, next) => (last === undefined || next > last ? next : last),
      undefined,
    );
  await pushing.step(
    { add: { listed, requests: 1 }, ...(lastChange === undefined ? {} : { lastChange }) },
    (on) => put(on, pushing.push, items),
  );
}

function listedItem(
  { platform: { datasets }, push }: Pushing,
  { platformId, item, splits }: PlatformItem,
): ListedItem {
  const dataset = { id: push.datasetId ?? '', name: push.dataset };
  const keys = datasets.fieldKeys?.({ item, splits }) ?? plainFieldKeys(item, splits);
  return {
    // As an item of the files is looked for, and not its id there: one that was taken out and came back has another one by now.
    key: itemKey(datasets.platformId?.(dataset, item) ?? item.id),
    platformId,
    fieldKeys: packKeys(keys),
  };
}
