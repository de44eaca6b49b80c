import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { drainOutbox } from '../../src/activities/experiment/publish.js';
import { AssayError } from '../../src/core/errors/assay-error.js';
import type { Platform, SendOutcome } from '../../src/platforms/port.js';
import { areCellsDone } from '../../src/store/experiment-end.js';
import { publicationCounts } from '../../src/store/publication.js';
import type { PublisherSession } from '../../src/store/publisher/session.js';
import { resendsOf, sessionFor, setupExport, type ExportSetup } from './export-fixtures.js';
import { openTestStore, type TestStore } from './store-fixtures.js';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

/** Stops this whole process, timers and sockets included, as SIGSTOP does. */
const freeze = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
};

const spansOf = (session: PublisherSession) =>
  session.takeRows({ kind: 'spans', maxBytes: 1e6, maxRecords: 100 });

/** The session of a process that stands still right after its intent was committed. */
const frozenAfterIntent = (session: PublisherSession, before: () => void): PublisherSession => ({
  ...session,
  intend: async (intent) => {
    const at = await session.intend(intent);
    before();
    freeze(2_100);
    return at;
  },
});

describe('an export whose answer was unclear', () => {
  it('is not sent again for what the platform showed while it could still appear', async () => {
    const { experimentId, session, posts, answers, found, platform, exporterOver } =
      await setupExport(test, 1);
    // The look begins before the time is over and ends after it.
    let ended = false;
    const slow: Platform = {
      ...platform,
      findExport: () => {
        ended = true;
        return Promise.resolve(new Set(found));
      },
    };
    const later = async () =>
      ended ? new Date(Date.now() + 60_000).toISOString() : await session.now();
    const exporter = exporterOver({ ...session, now: later }, slow);
    answers.push({ outcome: 'ambiguous', reason: 'lost' });
    const rows = await spansOf(session);
    await exporter.send({ kind: 'spans', rows });
    expect(await exporter.settle()).toMatchObject({ open: 1 });
    for (const { ids } of rows) for (const id of ids) found.add(id);
    expect(await exporter.settle()).toMatchObject({ state: 'moved', open: 0 });
    expect(posts).toHaveLength(1);
    expect(await resendsOf(test, experimentId)).toBe(0);
    await session.close();
  });
});

describe('a publisher that was frozen between its intent and its POST', () => {
  it('sends nothing where its session was ended meanwhile', async () => {
    const { session, posts, exporterOver } = await setupExport(test, 1);
    let ended: Promise<unknown> | undefined;
    const exporter = exporterOver(
      frozenAfterIntent(session, () => {
        ended = test.store.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = 'assay publisher' and datname = current_database()`,
          [],
        );
      }),
    );
    const rows = await spansOf(session);
    // It may learn of its end when it notes that nothing was sent, or on the next look.
    const sent = exporter.send({ kind: 'spans', rows }).then(
      ({ state }) => state,
      (error: unknown) => (error as AssayError).code,
    );
    expect(['blocked', 'POSTGRES_UNREACHABLE']).toContain(await sent);
    await ended;
    await expect(exporter.settle()).rejects.toMatchObject({ code: 'POSTGRES_UNREACHABLE' });
    expect(posts).toEqual([]);
    await session.close();
  });

  it('renews its intent and sends once where its session still stands', async () => {
    const { session, posts, exporterOver, experimentId } = await setupExport(test, 1);
    const exporter = exporterOver(frozenAfterIntent(session, () => undefined));
    const rows = await spansOf(session);
    await expect(exporter.send({ kind: 'spans', rows })).resolves.toMatchObject({
      state: 'blocked',
    });
    expect(posts).toEqual([]);
    await expect(exporter.settle()).resolves.toMatchObject({ state: 'moved', open: 0 });
    expect(posts).toEqual([rows.flatMap(({ ids }) => ids)]);
    expect(await session.openExports()).toEqual([]);
    expect(await resendsOf(test, experimentId)).toBe(0);
    await session.close();
  });
});

describe('an export that is sent again after an unclear answer', () => {
  it('holds only what the platform lacks, also where that try is turned away', async () => {
    const { session, posts, answers, found, exporterOver, experimentId } = await setupExport(
      test,
      2,
    );
    const exporter = exporterOver(session);
    const rows = await spansOf(session);
    const [first, second] = rows;
    answers.push(
      { outcome: 'ambiguous', reason: 'no answer' },
      { outcome: 'later', retryAfterMs: 1, reason: '429' },
    );
    await exporter.send({ kind: 'spans', rows });
    for (const id of first?.ids ?? []) found.add(id);
    await test.store.query(
      `update assay.outbox_exports set intended_at = intended_at - interval '1 minute'
        where partition = $1`,
      [experimentId],
    );
    await expect(exporter.settle()).resolves.toMatchObject({ state: 'blocked', open: 1 });
    await expect(exporter.settle()).resolves.toMatchObject({ state: 'moved', open: 0 });
    expect(posts).toEqual([rows.flatMap(({ ids }) => ids), second?.ids, second?.ids]);
    expect(await resendsOf(test, experimentId)).toBe(1);
    await session.close();
  });
});

describe('an export whose request left long after its intent', () => {
  it('is not sent again before the platform had its time to show it', async () => {
    const { session, posts, found, platform, exporterOver, experimentId } = await setupExport(
      test,
      1,
    );
    // A process that was frozen while it connected: the request leaves when it goes on, and the deadline ends it.
    const late: Platform = {
      ...platform,
      send: async (batch) => {
        posts.push(batch.records.flatMap(({ ids }) => ids));
        await test.store.query(
          `update assay.outbox_exports set intended_at = intended_at - interval '1 minute'
            where partition = $1`,
          [experimentId],
        );
        return { outcome: 'ambiguous', reason: 'no answer' };
      },
    };
    const exporter = exporterOver(session, late);
    const rows = await spansOf(session);
    await exporter.send({ kind: 'spans', rows });
    await expect(exporter.settle()).resolves.toMatchObject({ state: 'moved', open: 1 });
    for (const id of rows.flatMap(({ ids }) => ids)) found.add(id);
    await expect(exporter.settle()).resolves.toMatchObject({ open: 0 });
    expect(posts).toHaveLength(1);
    expect(await resendsOf(test, experimentId)).toBe(0);
    await session.close();
  });
});

describe('an export that was turned away', () => {
  it.each<SendOutcome>([
    { outcome: 'later', retryAfterMs: 30_000, reason: '429' },
    { outcome: 'unreachable', reason: 'ECONNREFUSED' },
  ])('is sent at once and uncounted by the next publisher ($reason)', async (outcome) => {
    const { experimentId, session, posts, answers, exporterOver } = await setupExport(test, 2);
    const rows = await spansOf(session);
    answers.push(outcome);
    await exporterOver(session).send({ kind: 'spans', rows });
    await session.close();

    const next = await sessionFor(test, experimentId);
    await expect(exporterOver(next).settle()).resolves.toMatchObject({ state: 'moved', open: 0 });
    const ids = rows.flatMap((row) => row.ids);
    expect(posts).toEqual([ids, ids]);
    expect(await resendsOf(test, experimentId)).toBe(0);
    await next.close();
  });

  it('is unclear again once another try of it has no answer', async () => {
    const { experimentId, session, posts, answers, found, exporterOver } = await setupExport(
      test,
      1,
    );
    const rows = await spansOf(session);
    answers.push(
      { outcome: 'unreachable', reason: 'ECONNREFUSED' },
      { outcome: 'ambiguous', reason: 'no answer' },
    );
    await exporterOver(session).send({ kind: 'spans', rows });
    await exporterOver(session).settle();
    for (const id of rows.flatMap(({ ids }) => ids)) found.add(id);
    await expect(exporterOver(session).settle()).resolves.toMatchObject({ open: 0 });
    expect(posts).toHaveLength(2);
    expect(await resendsOf(test, experimentId)).toBe(0);
    await session.close();
  });
});

describe('a platform that refuses the keys', () => {
  const unauthorized: SendOutcome = {
    outcome: 'refused',
    code: 'PLATFORM_UNAUTHORIZED',
    reason: '401: Invalid credentials',
    splittable: false,
  };

  const drain = (of: ExportSetup, platform = of.platform) =>
    drainOutbox({
      closed: () => areCellsDone(test.store, of.experimentId),
      session: of.session,
      exporter: of.exporterOver(of.session, platform),
      platform,
      beat: { tell: () => undefined, cancelled: new AbortController().signal, before: {} },
      ports: { draining: new AbortController().signal },
    });
  const closeCells = ({ experimentId }: ExportSetup) =>
    test.store.query(
      'update assay.experiments set cells_done_at = clock_timestamp() where id = $1',
      [experimentId],
    );
  const refusedFor = ({ experimentId }: ExportSetup, minutes: number) =>
    test.store.query(
      `update assay.outbox_exports
          set keys_refused_since = clock_timestamp() - $2::int * interval '1 minute'
        where partition = $1 and keys_refused_since is not null`,
      [experimentId, minutes],
    );
  const visibly = {
    state: 'wait',
    waitMs: 60_000,
    reason: expect.stringContaining('correct the keys of the worker and restart it') as unknown,
  };

  it('is asked again every minute, and gets all once the keys are right', async () => {
    const all = await setupExport(test, 2);
    await closeCells(all);
    all.answers.push(unauthorized, unauthorized);
    expect(await drain(all)).toMatchObject(visibly);
    await refusedFor(all, 9);
    expect(await drain(all)).toMatchObject(visibly);
    expect(await drain(all)).toMatchObject({ state: 'done' });
    expect(all.posts).toHaveLength(4);
    expect(await resendsOf(test, all.experimentId)).toBe(0);
    await all.session.close();
  });

  it('ends publishing after ten minutes, but never while cells run', async () => {
    const all = await setupExport(test, 1);
    all.answers.push(unauthorized, unauthorized, unauthorized);
    expect(await drain(all)).toMatchObject(visibly);
    await refusedFor(all, 11);
    expect(await drain(all)).toMatchObject(visibly);
    await closeCells(all);
    await expect(drain(all)).rejects.toMatchObject({
      code: 'PLATFORM_UNAUTHORIZED',
      mend: 'Correct the keys of the worker and restart it.',
    });
    await all.session.close();
  });

  it('is waited for as well where it refuses the question after an unclear answer', async () => {
    const all = await setupExport(test, 1);
    all.answers.push({ outcome: 'ambiguous', reason: 'no answer' });
    await all.exporterOver(all.session).send({ kind: 'spans', rows: await spansOf(all.session) });
    const platform: Platform = {
      ...all.platform,
      findExport: () => Promise.reject(new AssayError('PLATFORM_UNAUTHORIZED', 'refused')),
    };
    expect(await drain(all, platform)).toMatchObject(visibly);
    expect(all.posts).toHaveLength(1);
    await all.session.close();
  });

  it('refuses no record by it, also amid the halves of an export', async () => {
    const all = await setupExport(test, 2);
    const rows = await spansOf(all.session);
    all.answers.push(
      { outcome: 'refused', code: 'PLATFORM_REFUSED', reason: '400', splittable: true },
      unauthorized,
    );
    const state = await all.exporterOver(all.session).send({ kind: 'spans', rows });
    expect(state).toMatchObject({ state: 'blocked', waitMs: 60_000 });
    expect(await all.session.openExports()).toMatchObject([{ turnedAway: undefined }]);
    expect((await publicationCounts(test.store, all.experimentId))[0]?.refused).toBe(0);
    await all.session.close();
  });
});

describe('a platform that never answers', () => {
  it('has ten seconds for an export and for a question, whatever is collected meanwhile', async () => {
    const { session, platform, answers, exporterOver } = await setupExport(test, 2);
    const rows = await spansOf(session);
    answers.push({ outcome: 'ambiguous', reason: 'no answer' });
    await exporterOver(session).send({ kind: 'spans', rows: rows.slice(0, 1) });

    const ended: string[] = [];
    const silent = (what: string, signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          ended.push(what);
          reject(new AssayError('PLATFORM_UNREACHABLE', 'no answer in time'));
        });
      });
    const exporter = exporterOver(session, {
      ...platform,
      send: (_, signal) =>
        silent('send', signal).catch(() => ({ outcome: 'ambiguous', reason: 'no answer in time' })),
      findExport: (_, signal) => silent('find', signal),
    });
    const question = exporter.settle();
    // Once its list is read, so that it asks for the first export alone.
    await session.now();
    const both = Promise.all([question, exporter.send({ kind: 'spans', rows: rows.slice(1) })]);
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const collecting = setInterval(collectGarbage, 200);
    const late = new Promise((resolve) => setTimeout(resolve, 15_000, 'no end').unref());
    try {
      expect(await Promise.race([both, late])).toMatchObject([
        { state: 'blocked', open: 1 },
        { state: 'blocked' },
      ]);
    } finally {
      clearInterval(collecting);
      await session.close();
    }
    expect(ended.sort()).toEqual(['find', 'send']);
  });
});
