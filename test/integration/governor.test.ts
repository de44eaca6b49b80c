import { setMaxListeners } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import type { Priority } from '../../src/contracts/experiment-spec.js';
import { createGovernorClock } from '../../src/models/governor-clock.js';
import { meetInStore } from '../../src/models/governor-meeting.js';
import { createGovernor, type Governor, type GovernorOptions } from '../../src/models/governor.js';
import { rowsOf } from '../../src/store/query.js';
import { openStore, type Store } from '../../src/store/store.js';
import { until } from '../support/until.js';
import { newExperiment, openTestStore, unique, type TestStore } from './store-fixtures.js';
import { openProxy, type Proxy } from './store-proxy.js';

const never = new AbortController().signal;
// All lanes of a test wait with it at once.
setMaxListeners(0, never);

describe('the governor of a fleet', () => {
  let test: TestStore;
  let proxy: Proxy;
  const stores: Store[] = [];
  const governors: Governor[] = [];
  const children: ChildProcess[] = [];
  const meetings = new WeakMap<Governor, () => number>();

  beforeAll(async () => {
    test = await openTestStore();
    proxy = await openProxy(test.database.url);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    }
    await Promise.all(governors.splice(0).map((governor) => governor.close()));
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });
  afterAll(async () => {
    await proxy.close();
    await test.close();
  });

  /** A worker with connections of its own. */
  const worker = async (options: GovernorOptions & { url?: string } = {}): Promise<Governor> => {
    const { url = test.database.url, ...rest } = options;
    const store = await openStore({ url, applicationName: 'governor test' });
    stores.push(store);
    const place = meetInStore(store);
    let count = 0;
    let again = false;
    const governor = createGovernor({
      place: {
        read(keys) {
          // What somebody else wrote meanwhile is read and tried again: that is the same meeting.
          if (!again) count += 1;
          again = false;
          return place.read(keys);
        },
        async write(changes) {
          const written = await place.write(changes);
          again = written.size < changes.length;
          return written;
        },
      },
      ...rest,
    });
    governors.push(governor);
    meetings.set(governor, () => count);
    return governor;
  };
  const meetingsOf = (governor: Governor): number => meetings.get(governor)?.() ?? 0;
  /** Until a meeting of the worker with the others that begins from now on is over, however long that takes here. */
  const meets = async (governor: Governor): Promise<void> => {
    const before = meetingsOf(governor);
    await until(() => meetingsOf(governor) >= before + 2);
  };
  const startChild = (...args: readonly string[]): { child: ChildProcess; lines: string[] } => {
    const child = spawn(
      process.execPath,
      [
        '--import',
        './test/support/register-ts.mjs',
        'test/fixtures/governor-process.ts',
        test.database.url,
        ...args,
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    children.push(child);
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    return { child, lines };
  };
  const runWith = async (concurrency: number): Promise<string> => {
    const id = await newExperiment(test.store);
    await setConcurrency(id, concurrency);
    return id;
  };
  const setConcurrency = async (id: string, concurrency: number): Promise<void> => {
    await test.store.query('update assay.experiments set concurrency = $2 where id = $1', [
      id,
      concurrency,
    ]);
  };
  const slotsOf = (governor: Governor, experimentId: string, priority: Priority = 'bulk') =>
    governor.slotsOf({ experimentId, project: 'shop', priority, concurrency: 1_000 });
  /** Sends as fast as it may until `stopped`; counts the moments. */
  const sender = (
    governor: Governor,
    key: string,
    options: { limits?: object; run?: string } = {},
  ) => {
    const moments: number[] = [];
    const stop = new AbortController();
    const send = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const permit = await governor.enter(
          { key, limits: options.limits, experimentId: options.run },
          { maxWaitMs: 60_000, signal: stop.signal },
        );
        moments.push(performance.now());
        permit.end({ kind: 'answered' });
        await sleep(1);
      }
    };
    for (let lane = 0; lane < 5; lane += 1) void send().catch(() => undefined);
    return { moments, stop: () => stop.abort(new Error('enough')) };
  };

  it.each([2, 4])(
    'keeps the concurrency of a run over %i workers, and uses all of it',
    async (count) => {
      const id = await runWith(12);
      let most = 0;
      let inFlight = 0;
      let done = 0;
      let together = 0;
      const fleet = await Promise.all(Array.from({ length: count }, () => worker()));
      const end = performance.now() + 4_000;
      const lanes = fleet.flatMap((governor) =>
        Array.from({ length: 12 }, async () => {
          while (performance.now() < end) {
            const release = await slotsOf(governor, id).acquire(never);
            inFlight += 1;
            most = Math.max(most, inFlight);
            together += inFlight;
            await sleep(20);
            inFlight -= 1;
            done += 1;
            release();
          }
        }),
      );
      await Promise.all(lanes);
      expect(most).toBeLessThanOrEqual(12);
      // Whoever starts finds the others under way, however fast the machine is; half leaves room for the beginning.
      expect(together / done).toBeGreaterThan(6);
    },
  );

  it('gives a lone worker its first share at once, the whole of it', async () => {
    const id = await runWith(30);
    const governor = await worker();
    await Promise.all(Array.from({ length: 30 }, () => slotsOf(governor, id).acquire(never)));
    expect(meetingsOf(governor)).toBe(1);
  });

  it('takes up a changed concurrency, more or less, when it meets the others next', async () => {
    const id = await runWith(4);
    const governor = await worker();
    let granted = 0;
    const releases: (() => void)[] = [];
    for (let cell = 0; cell < 20; cell += 1) {
      void slotsOf(governor, id)
        .acquire(never)
        .then((release) => {
          granted += 1;
          releases.push(release);
        });
    }
    await until(() => granted === 4);
    await setConcurrency(id, 10);
    await meets(governor);
    expect(granted).toBe(10);
    await setConcurrency(id, 2);
    await meets(governor);
    // Eight of the ten that run end without making room: two may run.
    for (const release of releases.splice(0, 8)) release();
    await meets(governor);
    expect(granted).toBe(10);
    releases.splice(0, 1).forEach((release) => release());
    await until(() => granted === 11);
  });

  it('gives the slots of a killed process to the others when its lease is over', async () => {
    const id = await runWith(10);
    const { child, lines } = startChild(id, '10');
    await until(() => lines.length === 10);
    const governor = await worker();
    let granted = 0;
    for (let cell = 0; cell < 10; cell += 1) {
      void slotsOf(governor, id)
        .acquire(never)
        .then(() => (granted += 1));
    }
    await meets(governor);
    await meets(governor);
    expect(granted).toBe(0);
    child.kill('SIGKILL');
    // Three seconds, of which the machine may make many.
    await until(() => granted === 10, 30_000);
  });

  it('gives the slots of a worker that ends well to the others at once', async () => {
    const id = await runWith(5);
    const [first, second] = [await worker(), await worker()];
    await Promise.all(Array.from({ length: 5 }, () => slotsOf(first, id).acquire(never)));
    const waiting = Promise.all(
      Array.from({ length: 5 }, () => slotsOf(second, id).acquire(never)),
    );
    await meets(second);
    await first.close();
    const before = meetingsOf(second);
    await waiting;
    // One may be under way; until the lease would be over there are more than twenty.
    expect(meetingsOf(second) - before).toBeLessThanOrEqual(3);
  });

  it('keeps a limit of requests over processes: never more than the limit and a second’s worth', async () => {
    const key = unique('model');
    const processes = [1, 2].map(() => startChild('shop/none', '0', key, '1200'));
    const governor = await worker();
    const own = sender(governor, key, { limits: { requestsPerMinute: 1_200 } });
    await until(() => processes.every(({ lines }) => lines.length > 20));
    await sleep(1_000);
    const from = Date.now();
    const count = () =>
      processes.flatMap(({ lines }) => lines).filter((line) => Number(line.split(' ')[1]) >= from)
        .length;
    const before = own.moments.length;
    await sleep(4_000);
    const sent = count() + own.moments.length - before;
    const seconds = (Date.now() - from) / 1_000;
    own.stop();
    // 20 a second.
    expect(sent).toBeLessThanOrEqual(seconds * 20 + 20);
    expect(sent).toBeGreaterThan(seconds * 20 * 0.5);
  });

  it('lets everybody obey a Retry-After that one was told', async () => {
    const key = unique('model');
    const [told, other] = [await worker(), await worker()];
    const sending = sender(other, key);
    (await told.enter({ key }, { maxWaitMs: 1_000, signal: never })).end({ kind: 'refused' });
    await until(() => sending.moments.length > 5);
    told.holdBack(key, 4_000);
    const asked = performance.now();
    await meets(told);
    await meets(other);
    // It knows now, and nothing leaves before the time is over.
    const known = sending.moments.length;
    await until(() => sending.moments.length > known);
    expect((sending.moments[known] ?? 0) - asked).toBeGreaterThan(3_900);
    // A long one is data, for whoever comes, in every worker.
    told.holdBack(key, 3_600_000);
    await meets(told);
    await meets(other);
    sending.stop();
    await expect(
      (async () => other.enter({ key }, { maxWaitMs: 30_000, signal: never }))(),
    ).rejects.toMatchObject({ code: 'MODEL_RATE_LIMITED', retryAfterMs: expect.any(Number) });
    const fresh = await worker();
    await expect(
      (async () => fresh.enter({ key }, { maxWaitMs: 30_000, signal: never }))(),
    ).rejects.toMatchObject({ code: 'MODEL_RATE_LIMITED' });
  });

  it('starts nothing on shares that ran out while Postgres is away, and goes on when it is back', async () => {
    const id = await runWith(3);
    const governor = await worker({ url: proxy.url });
    const release = await slotsOf(governor, id).acquire(never);
    await proxy.cut();
    // The lease is 3 s, of which 85 % are used.
    await sleep(3_200);
    let granted = false;
    const waiting = slotsOf(governor, id)
      .acquire(never)
      .then((free) => {
        granted = true;
        return free;
      });
    await sleep(700);
    expect(granted).toBe(false);
    await proxy.mend();
    (await waiting)();
    release();
  });

  it('starts nothing on a lease that ran out while the machine slept, whichever of its clocks tells', async () => {
    const id = await runWith(3);
    let asleep = 0;
    const clock = createGovernorClock(
      () => performance.now(),
      () => Date.now() + asleep,
    );
    const place = meetInStore(test.store);
    let blocked = false;
    const governor = createGovernor({
      clock,
      place: {
        ...place,
        read: async (keys) => {
          if (blocked) throw new Error('not now');
          return place.read(keys);
        },
      },
    });
    governors.push(governor);
    (await slotsOf(governor, id).acquire(never))();
    blocked = true;
    asleep = 60_000;
    let granted = false;
    const waiting = slotsOf(governor, id)
      .acquire(never)
      .then(() => (granted = true));
    await sleep(300);
    expect(granted).toBe(false);
    blocked = false;
    await waiting;
    // A clock that is set back stops nothing.
    asleep = -3_600_000;
    (await slotsOf(governor, id).acquire(never))();
  });

  it('costs no statement for a call', async () => {
    const key = unique('model');
    let statements = 0;
    const place = meetInStore(test.store);
    const governor = createGovernor({
      place: {
        read: (keys) => {
          statements += 1;
          return place.read(keys);
        },
        write: (changes) => {
          statements += 1;
          return place.write(changes);
        },
      },
    });
    governors.push(governor);
    const limits = { requestsPerMinute: 6_000_000 };
    const options = { maxWaitMs: 1_000, signal: never };
    (await governor.enter({ key, limits }, options)).end({ kind: 'answered' });
    const began = performance.now();
    for (let call = 0; call < 20_000; call += 1) {
      const permit = governor.enter({ key, limits }, options);
      if (permit instanceof Promise) (await permit).end({ kind: 'answered' });
      else permit.end({ kind: 'answered' });
    }
    const seconds = (performance.now() - began) / 1_000;
    expect(statements).toBeLessThan(20 + 60 * seconds);
    const rows = await rowsOf<{ key: string }>(
      test.store,
      'select key from assay.governor_keys where key = $1',
      [key],
    );
    expect(rows).toHaveLength(1);
  });
});
