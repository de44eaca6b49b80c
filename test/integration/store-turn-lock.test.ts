import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { rowsOf } from '../../src/store/query.js';
import { createTurnLock, type TurnLock } from '../../src/store/turn-lock.js';
import { until } from '../support/until.js';
import { openTestStore, type TestStore } from './store-fixtures.js';
import { openProxy, type Proxy } from './store-proxy.js';

let test: TestStore;
let proxy: Proxy;
const opened: TurnLock[] = [];

beforeAll(async () => {
  test = await openTestStore();
  proxy = await openProxy(test.database.url);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((lock) => lock.close()));
  await proxy.cut();
  await proxy.mend();
});
afterAll(async () => {
  await proxy.close();
  await test.close();
});

function lockOn(url: string): TurnLock {
  const lock = createTurnLock(url);
  opened.push(lock);
  return lock;
}

const never = new AbortController().signal;
const sessions = () =>
  rowsOf<{ state: string }>(
    test.store,
    `select state from pg_stat_activity
     where datname = current_database() and application_name = 'assay turns'`,
  );
const gone = async (): Promise<boolean> => (await sessions()).length === 0;

/** What came of it, and after how many ms. */
async function timed(work: Promise<unknown>): Promise<{ outcome: unknown; ms: number }> {
  const begun = performance.now();
  const outcome = await work.catch((error: unknown) => error);
  return { outcome, ms: performance.now() - begun };
}

describe('a turn that somebody else has', () => {
  it('is waited for no longer than the caller wants it', async () => {
    const held = await lockOn(test.database.url).take(['x'], { waitMs: 20_000, signal: never });
    const waiting = lockOn(test.database.url);
    const caller = new AbortController();
    const asked = timed(waiting.take(['x'], { waitMs: 20_000, signal: caller.signal }));
    setTimeout(() => caller.abort(new Error('enough')), 100);
    const { outcome, ms } = await asked;
    expect(outcome).toEqual(new Error('enough'));
    expect(ms).toBeLessThan(15_000);
    await held?.release();
    await Promise.all(opened.splice(0).map((lock) => lock.close()));
    await until(gone);
  });
});

describe('a turn while Postgres gives no answer', () => {
  it('is no longer waited for once the caller wants it no more, and no connection is left', async () => {
    const lock = lockOn(proxy.url);
    await (await lock.take(['y'], { waitMs: 20_000, signal: never }))?.release();
    proxy.loseAnswers();
    const caller = new AbortController();
    const asked = timed(lock.take(['y'], { waitMs: 20_000, signal: caller.signal }));
    setTimeout(() => caller.abort(new Error('enough')), 100);
    const { outcome, ms } = await asked;
    expect(outcome).toEqual(new Error('enough'));
    expect(ms).toBeLessThan(15_000);
    await until(gone);
  });

  it('ends the waiting also where the connection is still being made', async () => {
    proxy.loseAnswers();
    const lock = lockOn(proxy.url);
    const caller = new AbortController();
    const asked = timed(lock.take(['z'], { waitMs: 20_000, signal: caller.signal }));
    setTimeout(() => caller.abort(new Error('enough')), 100);
    expect(await asked).toMatchObject({ outcome: new Error('enough') });
    expect((await asked).ms).toBeLessThan(15_000);
  });

  it('is told as Postgres’ failure some seconds after the wait, and comes again on a new connection', async () => {
    const lock = lockOn(proxy.url);
    await (await lock.take(['v'], { waitMs: 20_000, signal: never }))?.release();
    proxy.loseAnswers();
    const { outcome, ms } = await timed(lock.take(['v'], { waitMs: 0, signal: never }));
    expect(outcome).toMatchObject({ code: 'POSTGRES_UNREACHABLE' });
    expect(ms).toBeLessThan(30_000);
    await until(gone);
    await proxy.cut();
    await proxy.mend();
    const turn = await lock.take(['v'], { waitMs: 20_000, signal: never });
    expect(turn?.held.aborted).toBe(false);
    await turn?.release();
  });

  it('leaves the turns that others have on the connection alone, and gets nothing for nobody', async () => {
    const lock = lockOn(test.database.url);
    const held = await lock.take(['kept'], { waitMs: 20_000, signal: never });
    const caller = new AbortController();
    const asked = lock.take(['w'], { waitMs: 20_000, signal: caller.signal });
    // The statement is on its way.
    setImmediate(() => caller.abort(new Error('enough')));
    await expect(asked).rejects.toThrow('enough');
    expect(held?.held.aborted).toBe(false);
    const other = await lockOn(test.database.url).take(['w'], { waitMs: 20_000, signal: never });
    expect(other).toBeDefined();
    await Promise.all([held?.release(), other?.release()]);
  });
});

describe('a connection that cannot be set up', () => {
  it('is told, and not left open', async () => {
    await rowsOf(test.store, 'create schema broken');
    await rowsOf(
      test.store,
      `create view broken.pg_settings as select 'idle_session_timeout' as name where 1 / (random() * 0)::int = 1`,
    );
    const url = new URL(test.database.url);
    url.searchParams.set('options', '-c search_path=broken,pg_catalog');
    const asked = lockOn(url.href).take(['u'], { waitMs: 20_000, signal: never });
    await expect(asked).rejects.toThrow('division by zero');
    await until(gone);
  });
});
