import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';

import { resolveTemporal, startTemporal } from '../../src/devstack/temporal/index.js';
import { testTemporal } from '../support/temporal.js';

describe('the Temporal dev server', () => {
  let client: Client;
  beforeAll(async () => {
    const { address, namespace } = await testTemporal();
    client = new Client({ connection: await Connection.connect({ address }), namespace });
  });
  afterAll(() => client.connection.close());

  it('takes an update-with-start, which submitting an experiment needs', async () => {
    const start = new WithStartWorkflowOperation('nobody', {
      workflowId: `update-with-start-${randomUUID()}`,
      taskQueue: 'nobody-polls-here',
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
    // No worker polls, so the update stays admitted: the call times out on our side, yet the start stands.
    const abort = AbortSignal.timeout(1_500);
    const update = client.connection.withAbortSignal(abort, () =>
      client.workflow.startUpdateWithStart('submit', {
        startWorkflowOperation: start,
        waitForStage: 'ACCEPTED',
      }),
    );
    await expect(update).rejects.toThrow();
    const description = await client.workflow.getHandle(start.options.workflowId).describe();
    expect(description.status.name).toBe('RUNNING');
    await client.workflow.getHandle(start.options.workflowId).terminate();
  });

  it('knows the search attributes that were handed in', async () => {
    const listing = client.workflow.list({ query: "AssayProject = 'none'" });
    const found: unknown[] = [];
    for await (const execution of listing) found.push(execution);
    expect(found).toEqual([]);
  });
});

describe('startTemporal', () => {
  it('registers search attributes that a database of an earlier version does not know', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-temporal-'));
    const program = await resolveTemporal({ log: () => undefined });
    const start = (searchAttributes: Readonly<Record<string, string>>) =>
      startTemporal({
        program,
        folder,
        logFile: join(folder, 'temporal.log'),
        searchAttributes,
        log: () => undefined,
      });
    try {
      await (await start({ Earlier: 'KEYWORD' })).child.stop();
      const server = await start({ Earlier: 'KEYWORD', Later: 'KeywordList' });
      const connection = await Connection.connect({ address: server.address });
      try {
        const { customAttributes } = await connection.operatorService.listSearchAttributes({
          namespace: server.namespace,
        });
        expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining(['Earlier', 'Later']));
      } finally {
        await connection.close();
        await server.child.stop();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
