import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ExperimentView } from '../../src/client/experiment-view.js';
import { openStore } from '../../src/store/store.js';
import type { SupervisedWorkers } from '../../src/workers/supervisor.js';
import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';
import { countUnanswered } from '../support/unanswered-calls.js';
import { until } from '../support/until.js';

const project = 'exactness';
const items = 120;

/** A proxy before the platform that can be told to end somebody at the moment of the platform's answer. */
interface Proxy {
  readonly server: Server;
  /** Called once the platform has answered 200 to an export of spans, before the answer is handed on. */
  onExportAnswered: (() => void) | undefined;
}

async function startProxy(target: string): Promise<{ url: string; proxy: Proxy }> {
  const proxy: Proxy = { server: createServer(), onExportAnswered: undefined };
  proxy.server.on('request', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.entries(request.headers).filter(
        ([name]) => !['host', 'connection', 'content-length', 'transfer-encoding'].includes(name),
      );
      void fetch(new URL(request.url ?? '/', target), {
        method: request.method ?? 'GET',
        headers: headers.map(([name, value]) => [name, String(value)] as [string, string]),
        ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
      }).then(
        async (answer) => {
          const body = Buffer.from(await answer.arrayBuffer());
          const strike = proxy.onExportAnswered;
          if (request.url?.includes('/otel/') === true && answer.ok && strike !== undefined) {
            proxy.onExportAnswered = undefined;
            strike();
            response.destroy();
            return;
          }
          const type = answer.headers.get('content-type');
          response.writeHead(answer.status, type === null ? {} : { 'content-type': type });
          response.end(body);
        },
        () => response.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, proxy };
}

describe('an experiment under kill -9', () => {
  let harness: Harness;
  let proxy: Proxy;
  // Whoever is killed is started again by the supervisor, as for users; a set for each test would only take time.
  let workers: SupervisedWorkers;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      latencyMs: 150,
      files: { 'assay.config.ts': configFile({ project }), ...datasetFiles(items), ...promptFiles },
      platformUrl: async (url) => {
        const started = await startProxy(url);
        proxy = started.proxy;
        return started.url;
      },
    });
    workers = await harness.startWorkers();
  });
  afterAll(async () => {
    await harness.stop();
    proxy.server.closeAllConnections();
    proxy.server.close();
  });

  const start = async (name: string): Promise<void> => {
    await harness.client.experiments.start({
      project,
      name,
      dataset: { name: 'items' },
      target: 'triage',
      concurrency: 16,
    });
  };
  const progressOf = async (name: string): Promise<number> => {
    const { counts } = await harness.client.experiments.get({ project, name });
    return counts.planned - counts.pending;
  };
  const ended = (name: string): Promise<ExperimentView> =>
    harness.client.experiments.wait({ project, name }, { timeoutMs: 120_000 });

  /** Every cell once: one trace with one row per span, one score per evaluator, nothing else. */
  const expectExactlyOnce = async (view: ExperimentView): Promise<void> => {
    expect(view.status).toBe('completed');
    expect(view.counts).toMatchObject({ planned: items, pending: 0, ok: items });
    const rows = await harness.platform.spanRows(view.runUid);
    expect([...rows.values()].filter((count) => count !== 1)).toEqual([]);
    const traces = new Set([...rows.keys()].map((key) => key.split('/')[0] ?? ''));
    expect(traces.size).toBe(items);
    const scores = await harness.platform.scoreIds([...traces]);
    expect(scores).toHaveLength(items * 2);
    expect(new Set(scores).size).toBe(items * 2);
  };

  it('ends with the same counts, and repeats no call beyond those in flight at the kill', async () => {
    await start('killed-worker');
    await until(async () => (await progressOf('killed-worker')) >= items / 4);
    const [pid] = workers.pids;
    if (pid === undefined) throw new Error('no worker');
    process.kill(pid, 'SIGKILL');
    // Read just after the signal: what the model had received and Postgres had no answer for.
    const store = await openStore({ url: harness.databaseUrl, max: 1, applicationName: 'test' });
    const inFlight = await countUnanswered(store, `${project}/killed-worker`);
    await store.close();
    const view = await ended('killed-worker');
    await expectExactlyOnce(view);
    const calls = await harness.paidCalls();
    const repeated = [...calls.values()].reduce((sum, count) => sum + count - 1, 0);
    expect(inFlight).toBeGreaterThan(0);
    expect(repeated).toBeLessThanOrEqual(inFlight);
    expect(calls.size).toBe(items);
  }, 180_000);

  it('writes no second row where the publisher dies between the 200 of the platform and its mark', async () => {
    let killed = 0;
    proxy.onExportAnswered = () => {
      const [pid] = workers.pids;
      if (pid === undefined) return;
      killed = pid;
      process.kill(pid, 'SIGKILL');
    };
    await start('killed-publisher');
    const view = await ended('killed-publisher');
    expect(killed).toBeGreaterThan(0);
    await expectExactlyOnce(view);
    expect(view.publication).toMatchObject([{ duplicateSpans: 0, ambiguousResends: 0 }]);
  }, 180_000);

  it('loses nothing where a deploy stops the worker and another one goes on', async () => {
    const paidBefore = await harness.paidCalls();
    await start('deployed');
    await until(async () => (await progressOf('deployed')) >= items / 4);
    [, workers] = await Promise.all([workers.stop(), harness.startWorkers()]);
    const view = await ended('deployed');
    await expectExactlyOnce(view);
    const calls = await harness.paidCalls();
    const repeated = [...calls.values()].filter((count) => count > 1).length;
    const repeatedBefore = [...paidBefore.values()].filter((count) => count > 1).length;
    expect(repeated).toBe(repeatedBefore);
  }, 180_000);

  it('waits for a model that goes away in the middle, and for a platform that does', async () => {
    await start('outage');
    await until(async () => (await progressOf('outage')) >= items / 4);
    await harness.platform.admin('POST', '/dev/faults', { kind: 'down', seconds: 8 });
    await harness.model.leave();
    await wait(3_000);
    expect(await progressOf('outage')).toBeLessThan(items);
    await harness.model.comeBack();
    const view = await ended('outage');
    await expectExactlyOnce(view);
  }, 180_000);
});
