import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createJournal, type Journal } from '../../src/store/journal/journal.js';
import type { CallAnswer, CallKey } from '../../src/store/journal/records.js';
import { openStore, type Store } from '../../src/store/store.js';
import { newCells, openTestStore, type TestStore } from './store-fixtures.js';
import { openProxy, type Proxy } from './store-proxy.js';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const newKey = async (): Promise<CallKey> => {
  const { cellIds } = await newCells(test.store, 1);
  return { cellId: cellIds[0] ?? '', requestHash: 'b'.repeat(64), occurrence: 1 };
};

const answerOf = (text: string): CallAnswer => ({
  status: 200,
  headers: {},
  body: Buffer.from(text),
  usage: undefined,
  startedAt: '2026-01-02T03:04:05.006Z',
  endedAt: '2026-01-02T03:04:06.006Z',
  firstTokenMs: undefined,
});

const win = async (journal: Journal, key: CallKey) => {
  const claim = await journal.claim({ key, purpose: 'target' });
  if (claim.state !== 'won') throw new Error('it was answered');
  return claim.call;
};

const withJournals = async (
  count: number,
  run: (journals: readonly Journal[]) => Promise<void>,
): Promise<void> => {
  const journals = await Promise.all(
    Array.from({ length: count }, (_, index) => createJournal(test.store, { worker: `w${index}` })),
  );
  try {
    await run(journals);
  } finally {
    await Promise.all(journals.map((journal) => journal.close()));
  }
};

const withProxy = async (run: (proxy: Proxy, store: Store) => Promise<void>): Promise<void> => {
  const proxy = await openProxy(test.database.url);
  const store = await openStore({ url: proxy.url, applicationName: 'assay test' });
  try {
    await run(proxy, store);
  } finally {
    await store.close();
    await proxy.close();
  }
};

describe('the journal', () => {
  it('makes the second attempt of one process wait for the first, and gives it that answer', async () => {
    await withJournals(1, async ([journal]) => {
      if (journal === undefined) return;
      const key = await newKey();
      const call = await win(journal, key);
      const second = journal.claim({ key, purpose: 'target' });
      expect(await Promise.race([second, sleep(100, 'waits')])).toBe('waits');
      await journal.answer(call, answerOf('paid once'));
      const claim = await second;
      expect(claim.state === 'answered' && claim.answer.body.toString()).toBe('paid once');
    });
  });

  it('lets a waiting attempt be aborted, and the next one in after the call was given back', async () => {
    await withJournals(1, async ([journal]) => {
      if (journal === undefined) return;
      const key = await newKey();
      const call = await win(journal, key);
      const abort = new AbortController();
      const waiting = journal.claim({ key, purpose: 'target' }, abort.signal);
      abort.abort(new Error('heartbeat lost'));
      await expect(waiting).rejects.toThrow('heartbeat lost');
      await journal.release(call);
      expect((await journal.claim({ key, purpose: 'target' })).state).toBe('won');
    });
  });

  it('refuses a call that another process holds, until that one ends', async () => {
    await withJournals(2, async ([one, two]) => {
      if (one === undefined || two === undefined) return;
      const key = await newKey();
      await win(one, key);
      await expect(two.claim({ key, purpose: 'target' })).rejects.toMatchObject({
        code: 'CALL_CLAIM_REFUSED',
        retryAfterMs: expect.any(Number),
      });
      await one.close();
      expect((await two.claim({ key, purpose: 'target' })).state).toBe('won');
    });
  });

  it('answers hundreds of claims at once in few statements, each with its own result', async () => {
    await withJournals(1, async ([journal]) => {
      if (journal === undefined) return;
      const { cellIds } = await newCells(test.store, 300);
      const results = await Promise.all(
        cellIds.map(async (cellId) => {
          const call = await win(journal, { cellId, requestHash: 'c', occurrence: 1 });
          expect(call.key.cellId).toBe(cellId);
          return journal.answer(call, answerOf(cellId));
        }),
      );
      expect(results.map(({ answer }) => answer.body.toString())).toEqual(cellIds);
      expect(results.every(({ first }) => first)).toBe(true);
    });
  });

  it('renews its lease for as long as it is open', async () => {
    const journal = await createJournal(test.store, {
      worker: 'w',
      leaseMs: 3_000,
      renewEveryMs: 500,
    });
    const call = await win(journal, await newKey());
    await sleep(4_000);
    expect(journal.mayStart(call)).toBe(true);
    await journal.close();
    expect(journal.mayStart(call)).toBe(false);
  });
});

describe('the fence', () => {
  it('falls 1.5 s before a lease of 10 s that was not renewed', async () => {
    let ahead = 0;
    const journal = await createJournal(test.store, {
      worker: 'w',
      renewEveryMs: 3_600_000,
      monotonicNow: () => 1_000_000 + ahead,
    });
    const call = await win(journal, await newKey());
    ahead = 8_499;
    expect(journal.mayStart(call)).toBe(true);
    ahead = 8_500;
    expect(journal.mayStart(call)).toBe(false);
    await journal.close();
  });

  it('stands on the time at which the renewal was sent, not at which it was answered', async () => {
    await withProxy(async (proxy, store) => {
      const journal = await createJournal(store, { worker: 'w', leaseMs: 900, renewEveryMs: 100 });
      const call = await win(journal, await newKey());
      // Renewals reach Postgres, but this process does not learn of it.
      proxy.loseAnswers();
      await sleep(1_000);
      expect(journal.mayStart(call)).toBe(false);
      await proxy.cut();
      await proxy.mend();
      await journal.close();
    });
  });

  it('stays down for what was claimed under a lease that was lost, while new claims are won', async () => {
    const journal = await createJournal(test.store, {
      worker: 'w',
      leaseMs: 2_000,
      renewEveryMs: 3_600_000,
    });
    const old = await win(journal, await newKey());
    await sleep(2_100);
    const fresh = await win(journal, await newKey());
    expect(fresh.owner).not.toBe(old.owner);
    expect(journal.mayStart(old)).toBe(false);
    expect(journal.mayStart(fresh)).toBe(true);
    // The old call was paid: its answer counts all the same.
    expect((await journal.answer(old, answerOf('late'))).first).toBe(true);
    await journal.release(fresh);
    await journal.close();
  });
});

describe('while Postgres is away', () => {
  it('an answer waits in memory and is committed when Postgres is back', async () => {
    await withProxy(async (proxy, store) => {
      const journal = await createJournal(store, { worker: 'w' });
      const key = await newKey();
      const call = await win(journal, key);
      await proxy.cut();
      const answer = journal.answer(call, answerOf('kept'));
      expect(await Promise.race([answer, sleep(500, 'waits')])).toBe('waits');
      await proxy.mend();
      expect((await answer).first).toBe(true);
      await journal.close();
      await withJournals(1, async ([other]) => {
        const claim = await other?.claim({ key, purpose: 'target' });
        expect(claim?.state === 'answered' && claim.answer.body.toString()).toBe('kept');
      });
    });
  });

  it('a claim waits, and fails with POSTGRES_UNREACHABLE once its patience is over', async () => {
    await withProxy(async (proxy, store) => {
      const journal = await createJournal(store, { worker: 'w', patienceMs: 1_000 });
      const patient = await createJournal(store, { worker: 'w' });
      const [key, other] = [await newKey(), await newKey()];
      await proxy.cut();
      await expect(journal.claim({ key, purpose: 'target' })).rejects.toMatchObject({
        code: 'POSTGRES_UNREACHABLE',
      });
      const abort = new AbortController();
      const claim = patient.claim({ key: other, purpose: 'target' }, abort.signal);
      await sleep(50);
      await proxy.mend();
      expect((await claim).state).toBe('won');
      // The first was given back in the background, whatever became of its claim.
      expect((await journal.claim({ key, purpose: 'target' })).state).toBe('won');
      await Promise.all([journal.close(), patient.close()]);
    });
  });

  it('a claim whose answer was lost on the way is won by the same process, and by no other', async () => {
    await withProxy(async (proxy, store) => {
      const journal = await createJournal(store, { worker: 'w', renewEveryMs: 3_600_000 });
      const key = await newKey();
      proxy.loseAnswers();
      const claim = journal.claim({ key, purpose: 'target' });
      await sleep(200);
      await proxy.cut();
      await proxy.mend();
      expect((await claim).state).toBe('won');
      await withJournals(1, async ([other]) => {
        await expect(other?.claim({ key, purpose: 'target' })).rejects.toMatchObject({
          code: 'CALL_CLAIM_REFUSED',
        });
      });
      await journal.close();
    });
  });
});
