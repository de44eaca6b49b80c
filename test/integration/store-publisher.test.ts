import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { commitCells } from '../../src/store/cell-commit.js';
import { dropBodies, expectedRecords, requeueRows } from '../../src/store/outbox.js';
import { publicationCounts, recordVerification } from '../../src/store/publication.js';
import {
  openPublisherSession,
  type PublisherOptions,
  type PublisherSession,
} from '../../src/store/publisher/session.js';
import { commitOf, newCells, openTestStore, unique, type TestStore } from './store-fixtures.js';
import { openProxy } from './store-proxy.js';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const WIDE = { maxBytes: 1e6, maxRecords: 100 };

const drainOf = (partition: string): PublisherOptions => ({
  platform: 'langfuse',
  partition,
  holder: 'test',
});

const open = async (
  partition: string,
  options: Partial<PublisherOptions> = {},
): Promise<PublisherSession> => {
  const opening = await openPublisherSession(test.database.url, {
    ...drainOf(partition),
    ...options,
  });
  if (opening.state === 'held') throw new Error('the drain is held');
  return opening.session;
};

/** Waits for what the server does by itself in a moment, such as ending a session whose client was killed. */
const openSoon = async (partition: string): Promise<PublisherSession> => {
  for (let attempt = 0; ; attempt += 1) {
    const opening = await openPublisherSession(test.database.url, drainOf(partition));
    if (opening.state === 'open') return opening.session;
    if (attempt === 1_000) throw new Error('the drain stayed held');
    await sleep(20);
  }
};

/** Finished cells in a partition of their own, each with one spans row of two ids and one scores row. */
const newRows = async (cells: number) => {
  const partition = unique('partition');
  const { experimentId, cellIds } = await newCells(test.store, cells);
  await commitCells(
    test.store,
    cellIds.map((cellId) => commitOf(cellId, {}, partition)),
  );
  return { partition, experimentId, cellIds };
};

const withSession = async (
  partition: string,
  run: (session: PublisherSession) => Promise<void>,
): Promise<void> => {
  const session = await open(partition);
  try {
    await run(session);
  } finally {
    await session.close();
  }
};

const startPublisher = async (partition: string): Promise<ChildProcess> => {
  const register = new URL('../support/register-ts.mjs', import.meta.url).href;
  const script = fileURLToPath(new URL('./store-publisher-process.ts', import.meta.url));
  const args = ['--import', register, script, test.database.url, 'langfuse', partition];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      throw new Error('the publisher ended at once');
    }),
  ]);
  return child;
};

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
};

describe('the lock of a drain', () => {
  it('lets one publisher in, tells the next who holds it, and is free after close', async () => {
    const partition = unique('partition');
    const first = await open(partition, { holder: 'worker-1' });
    const second = await openPublisherSession(test.database.url, drainOf(partition));
    expect(second).toMatchObject({ state: 'held', by: { holder: 'worker-1' } });
    const elsewhere = await open(unique('partition'));
    await elsewhere.close();
    await first.close();
    await (await open(partition)).close();
  });

  it('is freed by kill -9 of its holder, and the intent it left is an open export', async () => {
    const { partition } = await newRows(3);
    const child = await startPublisher(partition);
    try {
      expect(await openPublisherSession(test.database.url, drainOf(partition))).toMatchObject({
        state: 'held',
        by: { holder: 'child' },
      });
    } finally {
      await end(child);
    }
    const session = await openSoon(partition);
    expect(session.tookOver).toBe(false);
    const [left, ...others] = await session.openExports();
    expect(others).toEqual([]);
    expect(left).toMatchObject({
      exportId: `export-of-${child.pid ?? 0}`,
      kind: 'spans',
      resends: 0,
    });
    const records = await session.exportRecords(left?.exportId ?? '');
    expect(records.map(({ rowId }) => rowId)).toEqual(left?.rowIds);
    expect(await session.takeRows({ kind: 'spans', ...WIDE })).toHaveLength(1);
    await session.close();
  });

  it('stays with a frozen holder until it was silent for too long; then it is ended and counted', async () => {
    const { partition, experimentId } = await newRows(3);
    const child = await startPublisher(partition);
    try {
      child.kill('SIGSTOP');
      await sleep(300);
      const patient = { ...drainOf(partition), silentAfterMs: 60_000 };
      expect((await openPublisherSession(test.database.url, patient)).state).toBe('held');
      const session = await open(partition, { silentAfterMs: 250 });
      expect(session.tookOver).toBe(true);
      expect(await session.openExports()).toHaveLength(1);
      const [counts] = await publicationCounts(test.store, experimentId);
      expect(counts?.takeovers).toBe(1);
      await session.close();
    } finally {
      await end(child);
    }
  });

  it('stays with a holder that gives signs of life', async () => {
    const partition = unique('partition');
    const session = await open(partition);
    await sleep(2_200);
    await session.touch();
    const impatient = { ...drainOf(partition), silentAfterMs: 2_000 };
    expect((await openPublisherSession(test.database.url, impatient)).state).toBe('held');
    expect(session.alive.aborted).toBe(false);
    await session.close();
  });
});

describe('a publisher whose connection ends', () => {
  it('hears of it, and may not post or write any more', async () => {
    const { partition } = await newRows(1);
    const proxy = await openProxy(test.database.url);
    const opening = await openPublisherSession(proxy.url, drainOf(partition));
    if (opening.state === 'held') throw new Error('held');
    const { session } = opening;
    const aborted = once(session.alive, 'abort');
    expect(session.mayPost()).toBe(true);
    await proxy.cut();
    await aborted;
    expect(session.alive.reason).toMatchObject({ code: 'POSTGRES_UNREACHABLE' });
    expect(session.mayPost()).toBe(false);
    await expect(session.takeRows({ kind: 'spans', ...WIDE })).rejects.toMatchObject({
      code: 'POSTGRES_UNREACHABLE',
    });
    await session.close();
  });

  it('may not post when Postgres has not answered for 2 s', async () => {
    await withSession(unique('partition'), async (session) => {
      await sleep(2_050);
      expect(session.mayPost()).toBe(false);
      await session.touch();
      expect(session.mayPost()).toBe(true);
    });
  });
});

describe('rows', () => {
  it('are taken from the oldest on, up to a number of rows, of ids and of bytes', async () => {
    const { partition, cellIds } = await newRows(5);
    await withSession(partition, async (session) => {
      const taken = async (limits: object): Promise<readonly string[]> =>
        (await session.takeRows({ kind: 'spans', ...WIDE, ...limits })).map(
          ({ traceId }) => traceId,
        );
      const all = cellIds.map((cellId) => `trace-${cellId}`);
      expect([...(await taken({}))].sort()).toEqual([...all].sort());
      const inOrder = await taken({});
      expect(await taken({ maxRecords: 2 })).toEqual(inOrder.slice(0, 2));
      expect(await taken({ maxIds: 7 })).toEqual(inOrder.slice(0, 3));
      const [first, second] = await session.takeRows({ kind: 'spans', ...WIDE });
      const bytes = (first?.body.length ?? 0) + (second?.body.length ?? 0);
      expect(await taken({ maxBytes: bytes })).toEqual(inOrder.slice(0, 2));
      expect(await taken({ maxBytes: bytes - 1 })).toEqual(inOrder.slice(0, 1));
      // One that fits nowhere must not block the others: it is taken alone, and refused by the platform.
      expect(await taken({ maxBytes: 1 })).toEqual(inOrder.slice(0, 1));
    });
  });

  it('of which one was taken away meanwhile are asked for again, not given up', async () => {
    const { partition } = await newRows(2);
    await withSession(partition, async (session) => {
      const rows = await session.takeRows({ kind: 'spans', ...WIDE });
      const rowIds = rows.map(({ rowId }) => rowId);
      await test.store.query('delete from assay.outbox where id = $1', [rowIds[0]]);
      const intent = { exportId: unique('export'), kind: 'spans' as const, rowIds };
      await expect(session.intend(intent)).rejects.toMatchObject({
        code: 'INTERNAL',
        retryAfterMs: 100,
      });
      const left = await session.takeRows({ kind: 'spans', ...WIDE });
      expect(left.map(({ rowId }) => rowId)).toEqual(rowIds.slice(1));
      await session.intend({ ...intent, rowIds: rowIds.slice(1) });
    });
  });

  it('come back as the bytes that were put in', async () => {
    const partition = unique('partition');
    const { cellIds } = await newCells(test.store, 1);
    const [cellId = ''] = cellIds;
    const body = JSON.stringify([{ text: `ünï ${'😀'.repeat(20_000)}` }]);
    await commitCells(test.store, [
      {
        ...commitOf(cellId),
        outbox: [
          {
            platform: 'langfuse',
            partition,
            records: [{ kind: 'spans', body, traceId: 't', ids: ['a', 'b'] }],
          },
        ],
      },
    ]);
    await withSession(partition, async (session) => {
      const [row] = await session.takeRows({ kind: 'spans', ...WIDE });
      expect(row).toMatchObject({ kind: 'spans', body, traceId: 't', ids: ['a', 'b'] });
    });
  });

  it('stand in one export for ever: a second intent for them is refused and leaves nothing', async () => {
    const { partition } = await newRows(2);
    await withSession(partition, async (session) => {
      const rows = await session.takeRows({ kind: 'spans', ...WIDE });
      const rowIds = rows.map(({ rowId }) => rowId);
      const [one = ''] = rowIds;
      const ids = [unique('export'), unique('export')];
      await session.intend({ exportId: ids[0] ?? '', kind: 'spans', rowIds: [one] });
      await expect(
        session.intend({ exportId: ids[1] ?? '', kind: 'spans', rowIds }),
      ).rejects.toMatchObject({ code: 'INTERNAL' });
      const exports = await session.openExports();
      expect(exports.map(({ exportId, rowIds: held }) => [exportId, held])).toEqual([
        [ids[0], [one]],
      ]);
      expect(await session.takeRows({ kind: 'spans', ...WIDE })).toHaveLength(1);
    });
  });
});

describe('an export', () => {
  it('is committed before intend returns, with Postgres\u2019 time', async () => {
    const { partition } = await newRows(1);
    await withSession(partition, async (session) => {
      const before = await session.now();
      const rows = await session.takeRows({ kind: 'scores', ...WIDE });
      const exportId = unique('export');
      const rowIds = rows.map(({ rowId }) => rowId);
      const intendedAt = await session.intend({ exportId, kind: 'scores', rowIds });
      expect(intendedAt >= before && intendedAt <= (await session.now())).toBe(true);
      const { rows: seen } = await test.store.pool.query(
        'select row_ids::text[] as ids from assay.outbox_exports where export_id = $1',
        [exportId],
      );
      expect(seen).toEqual([{ ids: rowIds }]);
      expect(await session.remaining()).toEqual({ spans: 1, scores: 1, openExports: 1 });
      await session.mark(exportId, { outcome: 'accepted' });
      expect(await session.remaining()).toEqual({ spans: 1, scores: 0, openExports: 0 });
      await expect(session.mark(exportId, { outcome: 'accepted' })).rejects.toMatchObject({
        code: 'INTERNAL',
      });
    });
  });

  it('counts what was refused apart from what was sent, row by row and id by id', async () => {
    const { partition, experimentId } = await newRows(3);
    await withSession(partition, async (session) => {
      const rows = await session.takeRows({ kind: 'spans', ...WIDE });
      const exportId = unique('export');
      await session.intend({ exportId, kind: 'spans', rowIds: rows.map(({ rowId }) => rowId) });
      const [whole, partly] = rows;
      const refusal = (row: typeof whole, place: number) => ({
        rowId: row?.rowId ?? '',
        id: row?.ids[place] ?? '',
        reason: 'too large \u0000',
      });
      await session.mark(exportId, {
        outcome: 'accepted',
        refused: [refusal(whole, 0), refusal(whole, 1), refusal(partly, 1)],
      });
      expect(await session.remaining()).toEqual({ spans: 0, scores: 3, openExports: 0 });
    });
    expect(await publicationCounts(test.store, experimentId)).toEqual([
      {
        platform: 'langfuse',
        expectedTraces: 2,
        sentTraces: 2,
        verifiedTraces: 0,
        expectedScores: 3,
        sentScores: 0,
        verifiedScores: 0,
        expectedRunScores: 0,
        verifiedRunScores: 0,
        duplicateSpans: 0,
        ambiguousResends: 0,
        takeovers: 0,
        refused: 3,
      },
    ]);
    const pages = [];
    const query = { experimentId, platform: 'langfuse', kind: 'spans', pageSize: 2 } as const;
    for await (const page of expectedRecords(test.store, query)) pages.push(page);
    expect(
      pages.map((page) => page.map(({ sent, refusedIds }) => [sent, refusedIds.length])),
    ).toEqual([
      [
        [false, 2],
        [true, 1],
      ],
      [[true, 0]],
    ]);
  });

  it('is sent again under the same id, and a resend after an unclear answer is counted', async () => {
    const { partition, experimentId } = await newRows(2);
    await withSession(partition, async (session) => {
      const rows = await session.takeRows({ kind: 'spans', ...WIDE });
      const exportId = unique('export');
      const first = await session.intend({
        exportId,
        kind: 'spans',
        rowIds: rows.map(({ rowId }) => rowId),
      });
      await sleep(5);
      const second = await session.reopenExport(exportId);
      await sleep(5);
      const third = await session.countResend(exportId);
      expect([first, second, third]).toEqual([...new Set([first, second, third])].sort());
      expect(await session.openExports()).toMatchObject([
        { exportId, intendedAt: third, resends: 1 },
      ]);
      expect(await session.exportRecords(exportId)).toEqual(rows);
      await session.mark(exportId, { outcome: 'found' });
      await expect(session.countResend(exportId)).rejects.toMatchObject({ code: 'INTERNAL' });
    });
    const [counts] = await publicationCounts(test.store, experimentId);
    expect(counts).toMatchObject({ ambiguousResends: 1, sentTraces: 2, expectedTraces: 2 });
  });

  it('becomes open again for the rows that the platform lost, until their bytes are dropped', async () => {
    const { partition, experimentId } = await newRows(2);
    const of = { experimentId, platform: 'langfuse' };
    await withSession(partition, async (session) => {
      const rows = await session.takeRows({ kind: 'spans', ...WIDE });
      const [lost, kept] = rows;
      const exportId = unique('export');
      await session.intend({ exportId, kind: 'spans', rowIds: rows.map(({ rowId }) => rowId) });
      await session.mark(exportId, { outcome: 'accepted' });
      expect(await requeueRows(test.store, [lost?.rowId ?? ''])).toBe(1);
      expect(await session.remaining()).toMatchObject({ spans: 1, openExports: 1 });
      expect(await session.exportRecords(exportId)).toEqual([lost]);
      await session.mark(exportId, { outcome: 'found' });
      expect(await dropBodies(test.store, of)).toBe(2);
      expect(await dropBodies(test.store, of)).toBe(0);
      expect(await requeueRows(test.store, [kept?.rowId ?? ''])).toBe(0);
      // What was not sent yet keeps its bytes.
      expect(await session.takeRows({ kind: 'scores', ...WIDE })).toHaveLength(2);
    });
  });
});

describe('a verification', () => {
  it('replaces the figures of the one before', async () => {
    const { experimentId } = await newRows(1);
    const found = { experimentId, platform: 'langfuse', verifiedRunScores: 2, duplicateSpans: 3 };
    await recordVerification(test.store, { ...found, verifiedTraces: 1, verifiedScores: 0 });
    await recordVerification(test.store, {
      ...found,
      verifiedTraces: 1,
      verifiedScores: 1,
      verifiedRunScores: 0,
      duplicateSpans: 0,
    });
    expect(await publicationCounts(test.store, experimentId)).toMatchObject([
      {
        verifiedTraces: 1,
        verifiedScores: 1,
        verifiedRunScores: 0,
        duplicateSpans: 0,
        expectedScores: 1,
      },
    ]);
  });
});
