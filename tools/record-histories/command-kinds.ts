import { setTimeout as wait } from 'node:timers/promises';

import type { ExperimentSpecInput } from '../../src/contracts/experiment-spec.js';
import type { Harness } from '../../test/support/harness.js';
import { until } from '../../test/support/until.js';

/** Runs that were commanded while their cells ran, each the name of its run. */
export function commandKinds(harness: Harness): Readonly<Record<string, () => Promise<void>>> {
  const { client, model, project } = harness;
  const start = async (
    name: string,
    dataset: string,
    change: Partial<ExperimentSpecInput> = {},
  ): Promise<void> => {
    await client.experiments.start({
      project,
      name,
      dataset: { name: dataset },
      target: 'triage',
      concurrency: 4,
      ...change,
    });
    await ok(name, 1);
  };
  const ok = (name: string, cells: number): Promise<void> =>
    until(async () => (await client.experiments.get({ project, name })).counts.ok >= cells);
  const end = async (name: string): Promise<void> => {
    await client.experiments.wait({ project, name }, { timeoutMs: 120_000 });
  };
  const latency = (latencyMs: number): Promise<unknown> =>
    model.admin('POST', '/admin/latency', { latencyMs });
  return {
    async paused() {
      await start('paused', 'some');
      await client.experiments.pause({ project, name: 'paused' }, { reason: 'to be recorded' });
      await wait(3_000);
      await client.experiments.resume({ project, name: 'paused' });
      await end('paused');
    },
    // So many pauses that the run goes on in a new execution, which begins paused or is paused again.
    async 'paused-long'() {
      const key = { project, name: 'paused-long' };
      await latency(200);
      await start('paused-long', 'many', { concurrency: 8 });
      for (let round = 0; round < 6; round += 1) {
        await client.experiments.pause(key);
        await wait(2_500);
        await client.experiments.resume(key);
        await wait(300);
      }
      await latency(20);
      await end('paused-long');
    },
    async faster() {
      await start('faster', 'many', { concurrency: 2 });
      await client.experiments.setConcurrency({ project, name: 'faster' }, 40);
      await wait(500);
      await client.experiments.setConcurrency({ project, name: 'faster' }, 8);
      await end('faster');
    },
    async aborted() {
      await latency(1_000);
      await start('aborted', 'some');
      await client.experiments.cancel({ project, name: 'aborted' }, { now: true });
      await latency(20);
      await end('aborted');
    },
    async budgeted() {
      const key = { project, name: 'budgeted' };
      // One call holds far more than it costs: the rest is for some cells of sixty.
      await start('budgeted', 'some', { budgetUsd: 0.0028 });
      await until(async () => (await client.experiments.get(key)).status === 'paused');
      await client.experiments.setBudget(key, 1);
      await end('budgeted');
    },
    // Its gate accepts nearly any loss, and so is settled while the head runs.
    async settled() {
      await latency(150);
      await client.gates.start({
        project,
        name: 'settled',
        head: {
          kind: 'start',
          spec: {
            project,
            name: 'settled',
            dataset: { name: 'some' },
            target: 'triage',
            concurrency: 2,
          },
        },
        base: { kind: 'start', target: 'triage' },
        settings: { margin: 0.9, earlyStop: true },
      });
      await client.gates.wait({ project, name: 'settled' });
      await latency(20);
    },
    async stopped() {
      await model.admin('POST', '/admin/faults', { kind: 'status', status: 400, next: 10 });
      await client.experiments.start({
        project,
        name: 'stopped',
        dataset: { name: 'some' },
        target: 'triage',
        concurrency: 1,
        maxFailures: { count: 3 },
      });
      await end('stopped');
    },
  };
}
