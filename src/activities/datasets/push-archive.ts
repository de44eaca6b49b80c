import { dropListed, keepListed, someRemoved } from '../../store/datasets/push-items.js';
import type { Pushing } from './pushing.js';

const archivedAtOnce = 100;

/** Archives what only the platform has. */
export async function archiveRemoved(pushing: Pushing): Promise<void> {
  const { platform, ports, signal, push } = pushing;
  for (;;) {
    const items = await someRemoved(ports.store, push, archivedAtOnce);
    if (items.length === 0) break;
    const { requests, lastChange = new Date().toISOString() } =
      await platform.datasets.archiveItems({
        dataset: { id: push.datasetId ?? '', name: push.dataset },
        items,
        signal,
      });
    await pushing.step(
      { add: { archived: items.length, requests }, lastChange },
      // Done with, so that it is not found again.
      (on) =>
        keepListed(
          on,
          pushing.push,
          items.map(({ key }) => key),
        ),
    );
    if (pushing.over()) return;
  }
  await pushing.step({ phase: 'done' }, (on) => dropListed(on, pushing.push));
}
