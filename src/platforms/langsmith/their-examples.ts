import type { PlatformRun } from '../../contracts/publication.js';
import { forEachBounded } from '../http/bounded.js';
import { chunks } from '../http/chunks.js';
import { ownPlaceOf } from './example-content.js';
import { ownExampleId } from './example-identity.js';
import { examplesPerRequest, standing, type DatasetRef, type Standing } from './examples.js';
import { isUuid } from './ids.js';
import type { Rest } from './rest.js';

/** Pages at a time: enough to hide latency, few enough for the limits of a workspace. */
const width = 4;

/**
 * The examples that others made of some items: files that were pulled know such an item by the id of its example, and by nothing
 * else. No request where no id can be one.
 */
export async function theirExamples(
  rest: Rest,
  of: {
    readonly dataset: DatasetRef;
    readonly ids: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<Standing> {
  const { dataset, ids, signal } = of;
  const wanted = ids.filter(isUuid).map((id) => ({ id }));
  const found = await standing(rest, { dataset, wanted, signal });
  // An item can have the id of an example of ours, too, which is then another item's.
  const theirs = [...found].filter(([, example]) => ownPlaceOf(dataset.id, example) === undefined);
  return new Map(theirs);
}

/**
 * The run with the ids of those of its items that stand in examples of others: {@link theirExamples}, but for items which have one of
 * ours as well. That is how `writeExamples` places them. Of 100,000 that is 2,000 requests, 46 MB while they are asked for, and with the
 * run 12 MB of a worker and 7.8 MB of its row (measured, Node 20).
 */
export async function placeTheirs(
  rest: Rest,
  request: {
    readonly run: PlatformRun;
    readonly itemIds: AsyncIterable<readonly string[]>;
    readonly signal: AbortSignal;
  },
): Promise<PlatformRun> {
  const { run, itemIds, signal } = request;
  const dataset = { id: run.datasetId, name: run.datasetName };
  const placed: Record<string, string> = {};
  for await (const page of itemIds) {
    await forEachBounded(chunks(page.filter(isUuid), examplesPerRequest), width, async (ids) => {
      const theirs = [...(await theirExamples(rest, { dataset, ids, signal })).keys()];
      const own = theirs.map((id) => ({ id: ownExampleId(dataset.id, id) }));
      const ours = await standing(rest, { dataset, wanted: own, signal });
      for (const id of theirs) if (!ours.has(ownExampleId(dataset.id, id))) placed[id] = id;
    });
  }
  if (Object.keys(placed).length === 0) return run;
  return { ...run, itemIds: { ...run.itemIds, ...placed } };
}
