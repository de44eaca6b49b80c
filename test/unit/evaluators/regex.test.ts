import { afterAll, describe, expect, it } from '@jest/globals';

import { createThreadPool } from '../../../src/evaluators/threads/thread-pool.js';
import type { Evaluator } from '../../../src/evaluators/port.js';
import { build, contextOf, evaluate, scoreOf } from './support.js';

const threads = createThreadPool({ size: 2, idleMs: 60_000 });
afterAll(() => threads.close());

const regex = (config: object): Promise<Evaluator> =>
  build({ kind: 'regex', ...config }, { threads });
const endless = { pattern: '^(a+)+$', timeoutMs: 200 };
const trap = `${'a'.repeat(60)}!`;

describe('regex', () => {
  it('passes a match, or the absence of one, as `expect` says', async () => {
    const match = await regex({ pattern: '^ORD-\\d+$' });
    const none = await regex({ pattern: 'sorry', flags: 'i', expect: 'no_match' });
    expect((await scoreOf(match, { output: 'ORD-17' })).passed).toBe(true);
    expect((await scoreOf(match, { output: 'ORD-x' })).passed).toBe(false);
    expect((await scoreOf(none, { output: 'Thank you' })).passed).toBe(true);
    const failed = await scoreOf(none, { output: 'We are SORRY' });
    expect(failed.passed).toBe(false);
    expect(failed.comment).toMatchObject({
      failed_items: ['output'],
      reasoning: '/sorry/i matches "SORRY" at character 7.',
    });
  });

  it('searches text as it is, other values as JSON, and the part at the path', async () => {
    expect((await scoreOf(await regex({ pattern: '^5$' }), { output: 5 })).passed).toBe(true);
    expect((await scoreOf(await regex({ pattern: '"a":1' }), { output: { a: 1 } })).passed).toBe(
      true,
    );
    const part = await regex({ pattern: '^x$', path: '/a' });
    expect((await scoreOf(part, { output: { a: 'x' } })).passed).toBe(true);
    const absent = await regex({ pattern: 'x', path: '/a', expect: 'no_match' });
    expect((await scoreOf(absent, { output: {} })).passed).toBe(false);
  });

  it('ends a search that backtracks for ever, and the next search works', async () => {
    const evaluator = await regex(endless);
    await expect(evaluate(evaluator, { output: trap })).rejects.toMatchObject({
      code: 'REGEX_TIMEOUT',
    });
    expect((await scoreOf(evaluator, { output: 'aaa' })).passed).toBe(true);
  });

  it('keeps the event loop free while a search is endless', async () => {
    const evaluator = await regex({ ...endless, timeoutMs: 500 });
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 10);
    await expect(evaluate(evaluator, { output: trap })).rejects.toThrow();
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  it('holds the queue and the start of threads against no pattern', async () => {
    const bad = await regex(endless);
    const good = await regex({ pattern: 'a', timeoutMs: 10_000 });
    const [refused, passed] = await Promise.all([
      Promise.allSettled(Array.from({ length: 6 }, () => evaluate(bad, { output: trap }))),
      Promise.all(Array.from({ length: 6 }, () => scoreOf(good, { output: 'a' }))),
    ]);
    expect(refused.every(({ status }) => status === 'rejected')).toBe(true);
    expect(passed.every((score) => score.passed)).toBe(true);
  });

  it('does not take a busy main thread for a slow pattern', async () => {
    const evaluator = await regex({ pattern: 'a', timeoutMs: 500 });
    await scoreOf(evaluator, { output: 'a' });
    const pending = scoreOf(evaluator, { output: 'a' });
    const until = Date.now() + 800;
    while (Date.now() < until);
    expect((await pending).passed).toBe(true);
  });

  it('stops at once when the evaluator is aborted', async () => {
    const evaluator = await regex({ ...endless, timeoutMs: 10_000 });
    const controller = new AbortController();
    const context = contextOf(undefined, controller.signal);
    const pending = evaluate(evaluator, { output: trap }, context);
    setTimeout(() => controller.abort(new Error('cancelled')), 100);
    // Not by its own time, which is told otherwise.
    await expect(pending).rejects.toThrow('cancelled');
  });

  it('refuses a pattern or flags that cannot be read when it is built', async () => {
    for (const config of [{ pattern: '(' }, { pattern: 'a', flags: 'uu' }]) {
      await expect(regex(config)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        problems: [{ at: 'evaluators.it.pattern' }],
      });
    }
  });
});

describe('the thread pool', () => {
  it('rejects what runs and what waits when it is closed, and works again afterwards', async () => {
    const pool = createThreadPool({ size: 1, idleMs: 60_000 });
    const limits = { timeoutMs: 5000, signal: new AbortController().signal };
    const job = { kind: 'regex', pattern: 'a', flags: '', text: 'xa' } as const;
    expect(await pool.run(job, limits)).toEqual({
      kind: 'answer',
      value: { text: 'a', index: 1 },
    });
    const endlessJob = { kind: 'regex', pattern: '^(a+)+$', flags: '', text: trap } as const;
    const running = pool.run(endlessJob, limits);
    const waiting = pool.run(job, limits);
    const settled = Promise.allSettled([running, waiting]);
    await pool.close();
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await pool.run(job, limits)).toMatchObject({ kind: 'answer' });
    await pool.close();
  });

  it('ends threads that have had nothing to do', async () => {
    const pool = createThreadPool({ size: 1, idleMs: 50 });
    const signal = new AbortController().signal;
    const job = { kind: 'regex', pattern: 'a', flags: '', text: 'a' } as const;
    await pool.run(job, { timeoutMs: 5000, signal });
    expect(pool.size()).toBe(1);
    const until = Date.now() + 10_000;
    while (pool.size() > 0 && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(pool.size()).toBe(0);
  });

  it('never has more threads than its size', async () => {
    const pool = createThreadPool({ size: 2, idleMs: 60_000 });
    const signal = new AbortController().signal;
    const job = { kind: 'regex', pattern: 'a', flags: '', text: 'a' } as const;
    const all = Array.from({ length: 20 }, () => pool.run(job, { timeoutMs: 5000, signal }));
    expect(pool.size()).toBe(2);
    await Promise.all(all);
    expect(pool.size()).toBe(2);
    await pool.close();
    expect(pool.size()).toBe(0);
  });
});
