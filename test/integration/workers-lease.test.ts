import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { rowsOf } from '../../src/store/query.js';
import { until } from '../support/until.js';
import { openTestStore, type TestStore } from './store-fixtures.js';

const leaseMs = 3_000;

describe('the lease of a worker whose user code does not let go of the event loop', () => {
  let test: TestStore;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    test = await openTestStore();
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => test.close());

  const leased = async (blockMs: number) => {
    const child = spawn(
      process.execPath,
      ['--import', resolve('test/support/register-ts.mjs'), 'test/fixtures/leased-process.ts'],
      {
        env: {
          ...process.env,
          DATABASE_URL: test.database.url,
          LEASE_MS: String(leaseMs),
          BLOCK_MS: String(blockMs),
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    children.push(child);
    const lines: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split('\n').filter((line) => line !== ''));
    });
    await until(() => lines.length > 0);
    return { child, lines, owner: lines[0] ?? '' };
  };
  const lives = async (owner: string): Promise<boolean> => {
    const [row] = await rowsOf<{ lives: boolean }>(
      test.store,
      `select ended_at is null and lease_until > clock_timestamp() as lives
         from assay.journal_owners where owner = $1`,
      [owner],
    );
    return row?.lives === true;
  };

  it('lives on through a block that is longer than the lease: nobody may repeat its calls', async () => {
    const { child, lines, owner } = await leased(5_000);
    child.kill('SIGUSR2');
    const seen: boolean[] = [];
    while (!lines.includes('unblocked')) {
      seen.push(await lives(owner));
      await wait(100);
    }
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.every(Boolean)).toBe(true);
    await wait(leaseMs);
    expect(await lives(owner)).toBe(true);
    // It never had to begin another one.
    expect(lines).toEqual([owner, 'unblocked']);
  });

  it('is over where the process is frozen as a whole, and stays over when it goes on', async () => {
    const { child, lines, owner } = await leased(0);
    child.kill('SIGSTOP');
    await wait(leaseMs + 1_000);
    expect(await lives(owner)).toBe(false);
    child.kill('SIGCONT');
    // It begins a new one, as another owner.
    await until(() => lines.length > 1);
    expect(await lives(owner)).toBe(false);
    expect(lines[1]).not.toBe(owner);
  });
});
