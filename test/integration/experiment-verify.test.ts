import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { lookAtPlatform } from '../../src/activities/experiment/verify.js';
import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import type { Platform, PlatformPage } from '../../src/platforms/port.js';
import { commitCells } from '../../src/store/cell-commit.js';
import { openPublisherSession } from '../../src/store/publisher/session.js';
import { commitOf, newCells, openTestStore, unique, type TestStore } from './store-fixtures.js';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

/** A run of two cells, all of whose spans and scores are sent but for the score that is refused. */
async function publishedRun(options: { readonly refuse: boolean }) {
  const { experimentId, cellIds } = await newCells(test.store, 2);
  await commitCells(
    test.store,
    cellIds.map((cellId) => commitOf(cellId, {}, experimentId)),
  );
  const run = { platform: 'langfuse', projectId: 'p', datasetId: 'd', datasetName: 'd', runs: [] };
  await test.store.query('update assay.experiments set platform_runs = $2 where id = $1', [
    experimentId,
    JSON.stringify([run]),
  ]);
  const opened = await openPublisherSession(test.database.url, {
    platform: 'langfuse',
    partition: experimentId,
    holder: unique('holder'),
  });
  if (opened.state === 'held') throw new Error('the drain is held');
  const { session } = opened;
  const shown: { kind: 'spans' | 'scores'; traceId: string; ids: readonly string[] }[] = [];
  for (const kind of ['spans', 'scores'] as const) {
    const rows = await session.takeRows({ kind, maxBytes: 1e6, maxRecords: 10 });
    const exportId = unique('export');
    await session.intend({ exportId, kind, rowIds: rows.map(({ rowId }) => rowId) });
    const bad = options.refuse && kind === 'scores' ? rows.slice(0, 1) : [];
    await session.mark(exportId, {
      outcome: 'accepted',
      refused: bad.flatMap(({ rowId, ids }) => ids.map((id) => ({ rowId, id, reason: '400' }))),
    });
    shown.push(...rows.filter((row) => !bad.includes(row)));
  }
  await session.close();
  return { experimentId, shown };
}

/** Shows what it is given. */
function platformThatShows(shown: Awaited<ReturnType<typeof publishedRun>>['shown']): Platform {
  return {
    ...createLangfusePlatform({
      baseUrl: 'http://127.0.0.1:9',
      publicKey: 'pk',
      secretKey: 'sk',
      environment: 'test',
    }),
    async *readBack({ kind }): AsyncGenerator<PlatformPage> {
      await Promise.resolve();
      for (const { traceId, ids } of shown.filter((row) => row.kind === kind)) {
        yield kind === 'spans'
          ? { spans: ids.map((spanId) => ({ traceId, spanId })) }
          : { scoreIds: ids };
      }
    },
  };
}

const look = (experimentId: string, platform: Platform) =>
  lookAtPlatform(
    { experimentId, platform: 'langfuse' },
    {
      ports: { store: test.store, platforms: [platform] },
      beat: { tell: () => undefined, cancelled: new AbortController().signal, before: {} },
    },
  );

describe('a look at the platform', () => {
  it('is complete where all is shown', async () => {
    const { experimentId, shown } = await publishedRun({ refuse: false });
    const reply = await look(experimentId, platformThatShows(shown));
    expect(reply).toMatchObject({ complete: true, counts: { verifiedScores: 2, refused: 0 } });
    expect(reply.hopeless).toBeUndefined();
  });

  it('is not complete, and says that no wait helps, where only refused records are missing', async () => {
    const { experimentId, shown } = await publishedRun({ refuse: true });
    expect(await look(experimentId, platformThatShows(shown))).toMatchObject({
      complete: false,
      hopeless: true,
      counts: { verifiedTraces: 2, expectedScores: 1, verifiedScores: 1, refused: 1 },
    });
  });

  it('goes on waiting for what was taken and is not shown yet, also where records were refused', async () => {
    const { experimentId, shown } = await publishedRun({ refuse: true });
    const reply = await look(experimentId, platformThatShows(shown.slice(1)));
    expect(reply).toMatchObject({ complete: false, counts: { verifiedTraces: 1 } });
    expect(reply.hopeless).toBeUndefined();
  });
});
