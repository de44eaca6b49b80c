import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createBudgetGate } from '../../src/models/budget-gate.js';
import { budgetOf, openBudget, setBudget } from '../../src/store/budget.js';
import {
  reserve,
  roomOf,
  settle,
  settleAnswered,
  type Reservation,
} from '../../src/store/budget-reservations.js';
import { registerOwner, releaseOwner } from '../../src/store/journal/owners.js';
import { openStore, withTransaction } from '../../src/store/store.js';
import { until } from '../support/until.js';
import { newExperiment, openTestStore, unique, type TestStore } from './store-fixtures.js';

const dollar = 1_000_000_000_000n;

describe('the budget of a run', () => {
  let test: TestStore;
  const owner = unique('owner');

  beforeAll(async () => {
    test = await openTestStore();
    await registerOwner(test.store, { owner, worker: 'test', leaseMs: 600_000 });
  });
  afterAll(() => test.close());

  const newRun = async (usd: number): Promise<string> => {
    const id = await newExperiment(test.store);
    await openBudget(test.store, id, usd);
    return id;
  };
  const wish = (
    experimentId: string,
    amountPico: bigint,
    change: Partial<Reservation> = {},
  ): Reservation => ({
    token: randomUUID(),
    experimentId,
    key: { cellId: '1', requestHash: 'hash', occurrence: 1 },
    owner,
    amountPico,
    ...change,
  });

  it('is held for the first calls that fit, in their order, and for none beyond the cap', async () => {
    const run = await newRun(1);
    const wishes = [4n, 5n, 2n, 1n].map((tenths) => wish(run, (tenths * dollar) / 10n));
    const granted = await reserve(test.store, run, wishes);
    // 0.4 + 0.5 fit; 0.2 does not, and 0.1 behind it does not overtake it.
    expect(granted).toEqual(new Set(wishes.slice(0, 2).map(({ token }) => token)));
    expect(await budgetOf(test.store, run)).toEqual({
      budgetUsd: 1,
      spentUsd: 0,
      reservedUsd: 0.9,
    });
  });

  it('lets the last pico-dollar be used and not one more', async () => {
    const run = await newRun(1);
    const last = wish(run, 1n);
    expect((await reserve(test.store, run, [wish(run, dollar - 1n), last])).has(last.token)).toBe(
      true,
    );
    expect((await reserve(test.store, run, [wish(run, 1n)])).size).toBe(0);
    // What costs nothing needs no room.
    expect((await reserve(test.store, run, [wish(run, 0n)])).size).toBe(1);
  });

  it('counts a reservation once however often it is sent, also among new ones', async () => {
    const run = await newRun(1);
    const first = wish(run, dollar / 2n);
    const second = wish(run, dollar / 2n);
    await reserve(test.store, run, [first]);
    expect((await reserve(test.store, run, [first, second])).size).toBe(2);
    expect((await reserve(test.store, run, [first, second])).size).toBe(2);
    expect((await roomOf(test.store, run))?.nowPico).toBe(0n);
  });

  it('puts the cost in place of what was held, once, and the whole where the cost is not known', async () => {
    const run = await newRun(1);
    const [known, unknown] = [wish(run, dollar / 2n), wish(run, dollar / 4n)];
    await reserve(test.store, run, [known, unknown]);
    const settlements = [
      { token: known.token, costPico: dollar / 10n },
      { token: unknown.token, costPico: undefined },
    ];
    await settle(test.store, settlements);
    await settle(test.store, settlements);
    expect(await budgetOf(test.store, run)).toEqual({
      budgetUsd: 1,
      spentUsd: 0.35,
      reservedUsd: 0,
    });
  });

  it('counts what a dead worker held in full, as spent and not as under way', async () => {
    const run = await newRun(1);
    const dead = unique('owner');
    await registerOwner(test.store, { owner: dead, worker: 'test' });
    const lost = wish(run, dollar / 4n, { owner: dead });
    await reserve(test.store, run, [lost, wish(run, dollar / 4n)]);
    expect((await budgetOf(test.store, run))?.reservedUsd).toBe(0.5);
    await releaseOwner(test.store, dead);
    expect(await budgetOf(test.store, run)).toEqual({
      budgetUsd: 1,
      spentUsd: 0.25,
      reservedUsd: 0.25,
    });
    expect(await roomOf(test.store, run)).toEqual({
      nowPico: dollar / 2n,
      mostPico: (3n * dollar) / 4n,
    });
  });

  it("settles a dead worker's call whose answer stands, and leaves what another one held for the same call", async () => {
    const run = await newRun(1);
    const [answered, other] = [unique('owner'), unique('owner')];
    const key = { cellId: '77', requestHash: unique('hash'), occurrence: 1 };
    await reserve(test.store, run, [
      wish(run, dollar / 2n, { owner: answered, key }),
      wish(run, dollar / 4n, { owner: other, key }),
    ]);
    const answer = { key, owner: answered, costPico: dollar / 10n };
    await settleAnswered(test.store, [answer]);
    await settleAnswered(test.store, [answer]);
    expect((await budgetOf(test.store, run))?.spentUsd).toBe(0.35);
  });

  it('is never passed by several processes that reserve and settle at once, to the pico-dollar', async () => {
    const run = await newRun(1);
    const stores = await Promise.all(
      [1, 2, 3, 4].map(() =>
        openStore({ url: test.database.url, applicationName: 'assay test', max: 4 }),
      ),
    );
    let spent = 0n;
    let most = 0n;
    let refused = 0;
    const work = async (on: (typeof stores)[number], seed: number): Promise<void> => {
      for (let round = 0; round < 25; round += 1) {
        const amount = BigInt(1 + ((seed * 7919 + round * 104_729) % 9_999_991)) * 2_000n;
        const wishes = [wish(run, amount), wish(run, amount * 2n)];
        const granted = await reserve(on, run, wishes);
        refused += wishes.length - granted.size;
        const settlements = wishes
          .filter(({ token }) => granted.has(token))
          .map(({ token, amountPico }) => ({ token, costPico: amountPico / 2n }));
        for (const { costPico } of settlements) spent += costPico;
        await settle(on, settlements);
        const budget = await roomOf(on, run);
        most =
          budget !== undefined && dollar - budget.nowPico > most ? dollar - budget.nowPico : most;
      }
    };
    try {
      await Promise.all(
        stores.flatMap((on, index) => [1, 2, 3].map((lane) => work(on, index * 10 + lane))),
      );
      expect(refused).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(dollar);
      expect(await roomOf(test.store, run)).toEqual({
        nowPico: dollar - spent,
        mostPico: dollar - spent,
      });
    } finally {
      await Promise.all(stores.map((each) => each.close()));
    }
  });

  it('keeps no lease from being renewed, however many runs wait for the rows of their budgets', async () => {
    const runs = await Promise.all(Array.from({ length: 6 }, () => newRun(1)));
    const gate = createBudgetGate(test.store);
    const waiting = await withTransaction(test.store, async (on) => {
      // As a worker that froze inside its statement.
      await on.query(
        'select from assay.experiment_budgets where experiment_id = any($1) for update',
        [runs],
      );
      const holds = runs.map((experimentId) => {
        const { token: _token, ...wanted } = wish(experimentId, dollar);
        return gate.hold(wanted, AbortSignal.timeout(30_000));
      });
      await until(async () => {
        const { rows } = await test.store.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return rows.length > 1;
      });
      const late = new Promise<'late'>((resolve) => setTimeout(resolve, 3_000, 'late').unref());
      expect(await Promise.race([test.store.journal.query('select 1 as one'), late])).toMatchObject(
        {
          rows: [{ one: 1 }],
        },
      );
      return holds;
    });
    await Promise.all((await Promise.all(waiting)).map((held) => held.settle(0n)));
    await gate.close();
  });

  it('has none where it was started without one, and cannot be given one', async () => {
    const run = await newExperiment(test.store);
    expect(await budgetOf(test.store, run)).toBeUndefined();
    await expect(setBudget(test.store, run, 5)).rejects.toMatchObject({ code: 'BUDGET_NOT_SET' });
    await expect(setBudget(test.store, 'shop/nobody', 5)).rejects.toMatchObject({
      code: 'EXPERIMENT_NOT_FOUND',
    });
  });

  it('can be raised, also before the plan has opened it', async () => {
    const run = await newExperiment(test.store);
    await test.store.query(
      `update assay.experiments set spec = (spec::jsonb || '{"budgetUsd": 1}')::json where id = $1`,
      [run],
    );
    expect(await setBudget(test.store, run, 2.5)).toMatchObject({ budgetUsd: 2.5 });
    await openBudget(test.store, run, 1);
    expect(await budgetOf(test.store, run)).toMatchObject({ budgetUsd: 2.5, spentUsd: 0 });
  });
});
