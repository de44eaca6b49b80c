import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { commitAnswers, releaseCalls } from '../../src/store/journal/answers.js';
import { claimCalls } from '../../src/store/journal/claims.js';
import {
  endLapsedOwners,
  registerOwner,
  releaseOwner,
  renewOwner,
} from '../../src/store/journal/owners.js';
import type { CallAnswer, CallKey } from '../../src/store/journal/records.js';
import { withTransaction } from '../../src/store/store.js';
import { countUnanswered, unansweredKeys } from '../support/unanswered-calls.js';
import { newCells, openTestStore, unique, type TestStore } from './store-fixtures.js';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const LONG = 60_000;
// Long enough for the statements before it lapses on a busy machine.
const SHORT = 1_500;

const newOwner = async (leaseMs = LONG): Promise<string> => {
  const owner = unique('owner');
  await registerOwner(test.store, { owner, worker: 'w', leaseMs });
  return owner;
};

const newKeys = async (count: number): Promise<readonly CallKey[]> => {
  const { cellIds } = await newCells(test.store, count);
  return cellIds.map((cellId) => ({ cellId, requestHash: 'a'.repeat(64), occurrence: 1 }));
};

const claim = (owner: string, keys: readonly CallKey[]) =>
  claimCalls(test.store, { owner, calls: keys.map((key) => ({ key, purpose: 'target' })) });

const answerOf = (text: string): CallAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(text),
  usage: { inputTokens: 1, outputTokens: 2 },
  startedAt: '2026-01-02T03:04:05.006Z',
  endedAt: '2026-01-02T03:04:06.006Z',
  firstTokenMs: 12.5,
});

describe('a claim', () => {
  it('is won by exactly one of many claimants of one call', async () => {
    const keys = await newKeys(30);
    const owners = await Promise.all(Array.from({ length: 4 }, () => newOwner()));
    const results = await Promise.all(
      owners.map((owner, index) => claim(owner, index % 2 === 0 ? keys : [...keys].reverse())),
    );
    const inOrder = results.map((list, index) => (index % 2 === 0 ? list : [...list].reverse()));
    for (const [index] of keys.entries()) {
      const states = inOrder.map((list) => list[index]?.state).sort();
      expect(states).toEqual(['refused', 'refused', 'refused', 'won']);
    }
  });

  it('is never taken from an owner whose lease lives, and says how long it still does', async () => {
    const [key] = await newKeys(1);
    if (key === undefined) throw new Error('no key');
    const [holder, other] = [await newOwner(), await newOwner()];
    await claim(holder, [key]);
    const [result] = await claim(other, [key]);
    if (result?.state !== 'refused') throw new Error(`it was ${String(result?.state)}`);
    expect(result.retryAfterMs).toBeGreaterThan(LONG - 30_000);
    expect(result.retryAfterMs).toBeLessThanOrEqual(LONG);
  });

  it('is taken from an owner whose lease is over, and that owner is dead for good', async () => {
    const keys = await newKeys(3);
    const [dead, other] = [await newOwner(1), await newOwner()];
    await sleep(20);
    await test.store.query(
      `insert into assay.call_journal (cell_id, request_hash, occurrence, purpose, owner, state)
       select unnest($1::bigint[]), $2, 1, 'target', $3, 'claimed'`,
      [keys.map(({ cellId }) => cellId), 'a'.repeat(64), dead],
    );
    expect(await claim(other, keys)).toEqual(keys.map(() => ({ state: 'won' })));
    expect(await renewOwner(test.store, { owner: dead, leaseMs: LONG })).toBe(false);
    const { rows } = await test.store.pool.query<{ owner: string; claims: number }>(
      'select distinct owner, claims from assay.call_journal where cell_id = any($1)',
      [keys.map(({ cellId }) => cellId)],
    );
    expect(rows).toEqual([{ owner: other, claims: 2 }]);
  });

  it('stays with an owner whose renewal was sent in time and committed late', async () => {
    const keys = await newKeys(1);
    const [holder, other] = [await newOwner(SHORT), await newOwner()];
    await claim(holder, keys);
    let takeover: ReturnType<typeof claim> | undefined;
    await withTransaction(test.store, async (on) => {
      expect(await renewOwner(on, { owner: holder, leaseMs: LONG })).toBe(true);
      await sleep(SHORT + 100);
      // For everybody else the lease is over now; the takeover finds that and waits for the row.
      takeover = claim(other, keys);
      expect(await Promise.race([takeover, sleep(200, 'waits')])).toBe('waits');
    });
    expect((await takeover)?.[0]?.state).toBe('refused');
  });

  it('is lost by an owner whose renewal comes after the takeover, though it was sent in time', async () => {
    const owner = await newOwner(SHORT);
    let renewal: Promise<boolean> | undefined;
    await withTransaction(test.store, async (on) => {
      await on.query('select from assay.journal_owners where owner = $1 for update', [owner]);
      renewal = renewOwner(test.store, { owner, leaseMs: LONG });
      expect(await Promise.race([renewal, sleep(SHORT + 100, 'waits')])).toBe('waits');
      await endLapsedOwners(on, [owner]);
    });
    expect(await renewal).toBe(false);
  });

  it('is not given to a claimant whose own lease is over, and nothing is written', async () => {
    const keys = await newKeys(1);
    const lapsed = await newOwner(1);
    const ended = await newOwner();
    await releaseOwner(test.store, ended);
    await sleep(20);
    for (const owner of [lapsed, ended, 'never registered']) {
      expect(await claim(owner, keys)).toEqual([{ state: 'lease_over' }]);
    }
    expect(await claim(await newOwner(), keys)).toEqual([{ state: 'won' }]);
  });

  it('is free after its owner gave it back or ended, and is won again by the same owner', async () => {
    const keys = await newKeys(3);
    const [first, second] = [await newOwner(), await newOwner()];
    await claim(first, keys);
    expect(await claim(first, keys)).toEqual(keys.map(() => ({ state: 'won' })));
    await releaseCalls(test.store, { owner: first, keys: keys.slice(0, 1) });
    const states = async (): Promise<readonly string[]> =>
      (await claim(second, keys)).map(({ state }) => state);
    expect(await states()).toEqual(['won', 'refused', 'refused']);
    await releaseOwner(test.store, first);
    expect(await states()).toEqual(['won', 'won', 'won']);
    await releaseCalls(test.store, { owner: first, keys });
    expect(await claim(await newOwner(), keys)).toEqual(
      keys.map(() => ({ state: 'refused', retryAfterMs: expect.any(Number) })),
    );
  });

  it('of occurrence 2 is another than that of occurrence 1', async () => {
    const [key] = await newKeys(1);
    if (key === undefined) throw new Error('no key');
    await claim(await newOwner(), [key]);
    expect(await claim(await newOwner(), [{ ...key, occurrence: 2 }])).toEqual([{ state: 'won' }]);
  });
});

describe('an answer', () => {
  it('is kept byte for byte and given to whoever claims the call later', async () => {
    const [key] = await newKeys(1);
    if (key === undefined) throw new Error('no key');
    const owner = await newOwner();
    await claim(owner, [key]);
    const bytes = Buffer.from(Array.from({ length: 512 }, (_, index) => index % 256));
    const answer = { ...answerOf(''), body: bytes, headers: { 'x-nul': 'a\u0000b' } };
    await commitAnswers(test.store, [{ key, owner, answer }]);
    expect(await claim(await newOwner(), [key])).toEqual([
      { state: 'answered', answer: { ...answer, owner } },
    ]);
  });

  it('that is committed first wins, whoever holds the claim', async () => {
    const [key] = await newKeys(1);
    if (key === undefined) throw new Error('no key');
    const [holder, zombie] = [await newOwner(), await newOwner()];
    await claim(holder, [key]);
    const commit = (owner: string, text: string) =>
      commitAnswers(test.store, [{ key, owner, answer: answerOf(text) }]);
    expect(await commit(zombie, 'first')).toMatchObject([{ first: true }]);
    const [second] = await commit(holder, 'second');
    expect(second?.first).toBe(false);
    expect(second?.answer.body.toString()).toBe('first');
    expect(second?.answer.owner).toBe(zombie);
  });

  it('is the same one for both of two that are committed at the same moment', async () => {
    const keys = await newKeys(20);
    const owners = [await newOwner(), await newOwner()];
    await claim(owners[0] ?? '', keys);
    const [a = [], b = []] = await Promise.all(
      owners.map(async (owner, index) => {
        const ordered = index === 0 ? keys : [...keys].reverse();
        const results = await commitAnswers(
          test.store,
          ordered.map((key) => ({ key, owner, answer: answerOf(owner) })),
        );
        return index === 0 ? results : [...results].reverse();
      }),
    );
    for (const [index] of keys.entries()) {
      expect(a[index]?.answer).toEqual(b[index]?.answer);
      expect([a[index]?.first, b[index]?.first].filter(Boolean)).toHaveLength(1);
    }
  });

  it('is missing for as long as the count of unanswered calls says so', async () => {
    const { experimentId, cellIds } = await newCells(test.store, 3);
    const keys = cellIds.map((cellId) => ({ cellId, requestHash: 'h', occurrence: 1 }));
    const owner = await newOwner();
    await claim(owner, keys);
    expect(await countUnanswered(test.store, experimentId)).toBe(3);
    const [answered, released, open] = keys;
    if (answered === undefined || released === undefined) throw new Error('no keys');
    await commitAnswers(test.store, [{ key: answered, owner, answer: answerOf('x') }]);
    await releaseCalls(test.store, { owner, keys: [released] });
    expect(await unansweredKeys(test.store, experimentId)).toEqual([open]);
  });
});
