import { createServer, type AddressInfo, type Socket } from 'node:net';

import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { AssayClient } from '../../src/client/assay-client.js';
import { createTransport } from '../../src/client/transport.js';
import { requireWorker } from '../../src/client/worker-presence.js';
import type { Connections } from '../../src/contracts/environment.js';
import { taskQueues } from '../../src/core/experiment/naming.js';
import { findExperiment } from '../../src/store/experiments.js';
import { testTemporal } from '../support/temporal.js';
import { openProxy } from './store-proxy.js';
import { newExperiment, openTestStore, unique, type TestStore } from './store-fixtures.js';

const spec = { project: 'shop', dataset: { name: 'tickets' }, target: 'triage' };

describe('a client', () => {
  let opened: TestStore;
  let connections: Connections;
  let client: AssayClient;

  beforeAll(async () => {
    opened = await openTestStore();
    connections = {
      temporal: await testTemporal(),
      databaseUrl: opened.database.url,
      langfuse: {
        baseUrl: 'http://127.0.0.1:1',
        publicKey: 'pk',
        secretKey: 'sk',
        release: undefined,
      },
    };
    client = await AssayClient.connect({ connections });
  });
  afterAll(async () => {
    await client.close();
    await opened.close();
  });

  it('says at once what is wrong with a specification, before anything is reached', async () => {
    const offline = await AssayClient.connect({
      connections: { ...connections, temporal: { address: '127.0.0.1:1', namespace: 'default' } },
    });
    await expect(
      offline.experiments.start({ ...spec, name: 'a', concurrency: 0, repetitions: 0 }),
    ).rejects.toMatchObject({
      code: 'SPEC_INVALID',
      problems: [
        expect.objectContaining({ at: 'repetitions' }),
        expect.objectContaining({ at: 'concurrency' }),
      ],
    });
    await expect(offline.experiments.start({ ...spec, name: '../a' })).rejects.toMatchObject({
      code: 'NAME_INVALID',
    });
    await offline.close();
  });

  it('says that no worker polls, instead of waiting in silence', async () => {
    const project = unique('nobody');
    await expect(client.experiments.start({ ...spec, project, name: 'a' })).rejects.toMatchObject({
      code: 'WORKER_MISSING',
      mend: expect.stringContaining('assay worker'),
    });
    const temporal = new Client({
      connection: await Connection.connect({ address: connections.temporal.address }),
    });
    // Nothing was started that would run later, unasked, when a worker comes.
    const { executions } = await temporal.workflowService.listWorkflowExecutions({
      namespace: 'default',
      query: `AssayProject = "${project}"`,
    });
    expect(executions).toEqual([]);
    await expect(
      requireWorker(temporal, taskQueues(project).orchestration, 0),
    ).rejects.toMatchObject({ code: 'WORKER_MISSING' });
    await temporal.connection.close();
  });

  it('does not wait for ever for a cancel that nobody would carry out', async () => {
    const name = unique('cancelled');
    await newExperiment(opened.store, name);
    await expect(client.experiments.cancel({ project: 'shop', name })).rejects.toMatchObject({
      code: 'WORKER_MISSING',
    });
  });

  it('says within seconds that Temporal does not answer: closed, silent, or gone later', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    for (const address of ['127.0.0.1:1', `127.0.0.1:${port}`]) {
      const offline = await AssayClient.connect({
        connections: { ...connections, temporal: { address, namespace: 'default' } },
      });
      const started = performance.now();
      await expect(offline.experiments.start({ ...spec, name: 'a' })).rejects.toMatchObject({
        code: 'TEMPORAL_UNREACHABLE',
        message: expect.stringContaining(address),
      });
      expect(performance.now() - started).toBeLessThan(20_000);
      await offline.close();
    }
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('reads, and cannot write: the database itself refuses', async () => {
    const name = unique('read');
    await newExperiment(opened.store, name);
    const transport = createTransport(connections);
    const store = await transport.store();
    await expect(findExperiment(store, { project: 'shop', name })).resolves.toMatchObject({ name });
    await expect(newExperiment(store, unique('written'))).rejects.toThrow(/read-only/);
    await expect(store.query('delete from assay.experiments')).rejects.toThrow(/read-only/);
    await transport.close();
  });

  it('keeps the options that the URL of the database has', async () => {
    const url = new URL(connections.databaseUrl);
    url.searchParams.set('options', '-c search_path=assay');
    const transport = createTransport({ ...connections, databaseUrl: url.href });
    const store = await transport.store();
    await expect(store.query('select count(*) from experiments')).resolves.toBeDefined();
    await expect(store.query('delete from experiments')).rejects.toThrow(/read-only/);
    await transport.close();
  });

  it('ends a wait in time and says that the run goes on', async () => {
    const name = unique('waited');
    await newExperiment(opened.store, name);
    const seen: string[] = [];
    const started = performance.now();
    await expect(
      client.experiments.wait(
        { project: 'shop', name },
        { timeoutMs: 2_500, onProgress: ({ status }) => seen.push(status) },
      ),
    ).rejects.toMatchObject({ code: 'WAIT_TIMEOUT', mend: expect.stringContaining('goes on') });
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(seen.length).toBeGreaterThanOrEqual(2);
    expect(new Set(seen)).toEqual(new Set(['planning']));
    const stop = new AbortController();
    const waiting = client.experiments.wait({ project: 'shop', name }, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow();
  });

  it('waits through an outage of the database', async () => {
    const name = unique('outage');
    const id = await newExperiment(opened.store, name);
    const proxy = await openProxy(connections.databaseUrl);
    const through = await AssayClient.connect({
      connections: { ...connections, databaseUrl: proxy.url },
    });
    let looks = 0;
    const waiting = through.experiments.wait(
      { project: 'shop', name },
      { timeoutMs: 30_000, onProgress: () => (looks += 1) },
    );
    while (looks === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await proxy.cut();
    await opened.store.query(`update assay.experiments set status = 'failed' where id = $1`, [id]);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await proxy.mend();
    await expect(waiting).resolves.toMatchObject({ status: 'failed' });
    await through.close();
    await proxy.close();
  });

  it('names what is not there', async () => {
    const key = { project: 'shop', name: unique('gone') };
    const missing = { code: 'EXPERIMENT_NOT_FOUND' };
    await expect(client.experiments.get(key)).rejects.toMatchObject(missing);
    await expect(client.experiments.cancel(key)).rejects.toMatchObject(missing);
    await expect(client.experiments.report(key, 'json')).rejects.toMatchObject(missing);
    const name = unique('early');
    await newExperiment(opened.store, name);
    await expect(
      client.experiments.report({ project: 'shop', name }, 'markdown'),
    ).rejects.toMatchObject({ code: 'REPORT_NOT_READY' });
  });
});
