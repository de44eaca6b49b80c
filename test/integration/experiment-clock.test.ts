import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';
import { until } from '../support/until.js';

const project = 'clock';
const items = 90;

/** Moves the wall clock of a process at each SIGUSR2: two hours ahead, then two back, then right again. */
const unsteadyClock = `
import { isMainThread } from 'node:worker_threads';
const steps = [7_200_000, -7_200_000, 0];
const real = Date;
let shift = 0;
globalThis.Date = class extends real {
  constructor(...given) {
    if (given.length === 0) super(real.now() + shift);
    else super(...given);
  }
  static now() {
    return real.now() + shift;
  }
};
if (isMainThread) process.on('SIGUSR2', () => (shift = steps.shift() ?? 0));
`;

describe('an experiment on a machine whose clock jumps', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      latencyMs: 200,
      files: { 'assay.config.ts': configFile({ project }), ...datasetFiles(items), ...promptFiles },
    });
  });
  afterAll(() => harness.stop());

  it('by hours, ahead and back: ends, repeats no call, and publishes each cell once with times in order', async () => {
    const preload = join(harness.folder, 'unsteady-clock.mjs');
    await writeFile(preload, unsteadyClock);
    const { client } = harness;
    const key = { project, name: 'jumps' };
    const workers = await harness.startWorkers({
      variables: { NODE_OPTIONS: `--import=${pathToFileURL(preload).href}` },
    });
    await client.experiments.start({
      ...key,
      dataset: { name: 'items' },
      target: 'triage',
      concurrency: 4,
    });
    const [pid] = workers.pids;
    if (pid === undefined) throw new Error('no worker');
    for (const after of [5, 30, 55]) {
      await until(async () => (await client.experiments.get(key)).counts.ok >= after);
      process.kill(pid, 'SIGUSR2');
    }
    const view = await client.experiments.wait(key, { timeoutMs: 90_000 });
    await workers.stop();

    expect(view).toMatchObject({ status: 'completed', counts: { planned: items, ok: items } });
    expect(workers.pids).not.toContain(undefined);
    const calls = await harness.paidCalls();
    expect([...calls.values()].filter((count) => count !== 1)).toEqual([]);
    expect(calls.size).toBe(items);
    const rows = await harness.platform.spanRows(view.runUid);
    expect([...rows.values()].filter((count) => count !== 1)).toEqual([]);
    const traces = new Set([...rows.keys()].map((row) => row.split('/')[0] ?? ''));
    expect(traces.size).toBe(items);
    expect(new Set(await harness.platform.scoreIds([...traces])).size).toBe(items * 2);
    const spans = await harness.platform.observations(view.runUid, 'core,basic,time');
    const started = spans.map(({ startTime }) => Date.parse(String(startTime)));
    // The jumps were seen: otherwise the test would say nothing.
    expect(Math.max(...started) - Math.min(...started)).toBeGreaterThan(3 * 3_600_000);
    expect(
      spans.filter(
        ({ startTime, endTime }) => Date.parse(String(endTime)) < Date.parse(String(startTime)),
      ),
    ).toEqual([]);
  }, 150_000);
});
