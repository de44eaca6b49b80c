import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { createExporter } from '../../src/activities/experiment/export.js';
import { commitCells } from '../../src/store/cell-commit.js';
import { publicationCounts } from '../../src/store/publication.js';
import { openPublisherSession, type PublisherSession } from '../../src/store/publisher/session.js';
import {
  encodeCells,
  Place,
  readScores,
  readSpans,
} from '../contract/platform-langsmith-support.js';
import { commitOf, newCells, openTestStore, unique, type TestStore } from './store-fixtures.js';

let test: TestStore;
let place: Place;
beforeAll(async () => {
  test = await openTestStore();
  place = await Place.start({ repeatedFeedback: 'refuse' });
});
afterAll(async () => {
  await place.close();
  await test.close();
});

/** Cells whose records stand in the outbox, and the run that they belong to. */
async function setup(count: number) {
  const context = await place.prepare();
  const { experimentId, cellIds } = await newCells(test.store, count);
  const cells = encodeCells(place.platform, context, { count });
  await commitCells(
    test.store,
    cellIds.map((cellId, index) => {
      const encoded = cells[index];
      if (encoded === undefined) throw new Error('a cell is missing');
      const commit = commitOf(cellId, {}, experimentId);
      const records = [encoded.spans, encoded.scores];
      return { ...commit, outbox: [{ platform: 'langsmith', partition: experimentId, records }] };
    }),
  );
  return {
    context,
    experimentId,
    runIds: cells.flatMap(({ spans }) => spans.ids).sort(),
    scoreIds: cells.flatMap(({ scores }) => scores.ids).sort(),
    traceIds: cells.map(({ spans }) => spans.traceId),
  };
}

async function publisher(experimentId: string) {
  const opened = await openPublisherSession(test.database.url, {
    platform: 'langsmith',
    partition: experimentId,
    holder: unique('holder'),
  });
  if (opened.state === 'held') throw new Error('the drain is held');
  const { session } = opened;
  const log = pino({ level: 'silent' });
  const exporter = createExporter({ platform: place.platform, session, visibilityMs: 0, log });
  return { session, exporter };
}

const take = (session: PublisherSession, kind: 'spans' | 'scores') =>
  session.takeRows({ kind, ...place.platform.limits[kind] });

const longAgo = (experimentId: string) =>
  test.store.query(
    `update assay.outbox_exports set intended_at = intended_at - interval '1 minute'
      where partition = $1`,
    [experimentId],
  );

const postsOf = (ids: readonly string[]): readonly number[] =>
  place.server.inspect.runs.filter(({ id }) => ids.includes(id)).map(({ posts }) => posts);

describe('the publisher with LangSmith', () => {
  it('leaves each run there once where it died between the server’s commit and its own mark', async () => {
    const { context, experimentId, runIds } = await setup(5);
    const first = await publisher(experimentId);
    place.server.faults.order({ kind: 'commit_then_drop', next: 1, pathPrefix: '/runs/multipart' });
    const rows = await take(first.session, 'spans');
    expect(await first.exporter.send({ kind: 'spans', rows })).toMatchObject({ state: 'blocked' });
    await first.session.close();

    const second = await publisher(experimentId);
    expect(await second.exporter.settle()).toMatchObject({ state: 'moved', open: 0 });
    expect(await take(second.session, 'spans')).toEqual([]);
    await second.session.close();
    const shown = await readSpans(place.platform, context);
    expect(shown.map(({ spanId }) => spanId).sort()).toEqual(runIds);
    expect(postsOf(runIds)).toEqual(runIds.map(() => 1));
    const [counts] = await publicationCounts(test.store, experimentId);
    expect(counts?.ambiguousResends).toBe(0);
  });

  it('sends again what the server does not show in time, and it stands there once all the same', async () => {
    const { context, experimentId, runIds } = await setup(3);
    const { session, exporter } = await publisher(experimentId);
    place.server.setDelays({ runsMs: 60_000 });
    place.server.faults.order({ kind: 'commit_then_drop', next: 1, pathPrefix: '/runs/multipart' });
    await exporter.send({ kind: 'spans', rows: await take(session, 'spans') });
    await longAgo(experimentId);
    expect(await exporter.settle()).toMatchObject({ state: 'moved', open: 0 });
    await session.close();
    place.server.setDelays({ runsMs: 0 });
    expect(postsOf(runIds)).toEqual(runIds.map(() => 1));
    expect(new Set(place.server.inspect.runs.map(({ id }) => id)).size).toBe(
      place.server.inspect.runs.length,
    );
    expect(await readSpans(place.platform, context)).toEqual([]);
  });

  it('completes scores of which only some arrived before it died', async () => {
    const { context, experimentId, scoreIds, traceIds } = await setup(4);
    const first = await publisher(experimentId);
    await first.exporter.send({ kind: 'spans', rows: await take(first.session, 'spans') });
    const rows = await take(first.session, 'scores');
    place.server.faults.order({ kind: 'commit_then_drop', next: 1, pathPrefix: '/runs/multipart' });
    expect(await first.exporter.send({ kind: 'scores', rows })).toMatchObject({
      state: 'blocked',
    });
    await place.platform.deleteScore?.(scoreIds[0] ?? '', AbortSignal.timeout(10_000));
    await first.session.close();
    const second = await publisher(experimentId);
    expect(await second.exporter.settle()).toMatchObject({ state: 'moved', open: 0 });
    await second.session.close();
    expect(await readScores(place.platform, context, { traceIds })).toEqual(scoreIds);
  });
});
