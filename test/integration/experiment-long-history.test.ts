import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { experimentWorkflowId, promptQueueWorkflowId } from '../../src/core/experiment/naming.js';
import { promptContentHash } from '../../src/core/prompts/content.js';
import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';
import { useShortHistories } from '../support/short-history-temporal.js';
import { until } from '../support/until.js';

const project = 'long-history';

describe('an experiment whose history grows long', () => {
  let harness: Harness;
  let server: { stop(): Promise<void> };
  let connection: Connection;
  let client: Client;

  beforeAll(async () => {
    server = await useShortHistories(60);
    harness = await startHarness({
      project,
      latencyMs: 5,
      files: {
        'assay.config.ts': configFile({ project }),
        ...datasetFiles(300),
        ...datasetFiles(30, 'few'),
        ...promptFiles,
      },
    });
    await harness.startWorkers();
    connection = await Connection.connect({ address: harness.temporal.address });
    client = new Client({ connection });
  });
  afterAll(async () => {
    await connection.close();
    await harness.stop();
    await server.stop();
  });

  const executionsOf = async (workflowId: string) => {
    const { executions: found } = await client.workflowService.listWorkflowExecutions({
      namespace: 'default',
      query: `WorkflowId = "${workflowId}"`,
    });
    return found;
  };
  const executions = async (name: string): Promise<number> =>
    (await executionsOf(experimentWorkflowId(project, name))).length;

  it('goes on in new executions, and every cell is run, paid for and published once', async () => {
    const view = await harness.run({ name: 'many', target: 'triage', concurrency: 2 });
    expect(view.status).toBe('completed');
    expect(view.counts).toMatchObject({ planned: 300, ok: 300, pending: 0 });
    await until(async () => (await executions('many')) > 1);
    const paid = await harness.paidCalls();
    expect(paid.size).toBe(300);
    expect([...paid.values()].every((count) => count === 1)).toBe(true);
    const rows = await harness.platform.spanRows(view.runUid);
    expect(rows.size).toBe(900);
    expect([...rows.values()].every((count) => count === 1)).toBe(true);
  });

  it('survives a rate limit that outlasts a history, with what was done before kept', async () => {
    await harness.model.admin('POST', '/admin/faults', {
      kind: 'status',
      status: 429,
      retryAfter: 0.5,
      next: 12,
    });
    const view = await harness.run({
      name: 'limited',
      target: 'triage',
      dataset: { name: 'few' },
      concurrency: 1,
      retry: { maxDelayMs: 100, initialDelayMs: 10 },
    });
    expect(view.status).toBe('completed');
    expect(view.counts).toMatchObject({ planned: 30, ok: 30 });
    await until(async () => (await executions('limited')) > 1);
  });

  it('publishes what was paid for also where the run is cancelled in the Temporal UI', async () => {
    await harness.model.admin('POST', '/admin/latency', { latencyMs: 300 });
    await harness.client.experiments.start({
      project,
      name: 'ui-cancel',
      dataset: { name: 'few' },
      target: 'triage',
      concurrency: 4,
    });
    await until(async () => {
      const { counts } = await harness.client.experiments.get({ project, name: 'ui-cancel' });
      return counts.ok >= 4;
    });
    await client.workflow.getHandle(experimentWorkflowId(project, 'ui-cancel')).cancel();
    const view = await harness.client.experiments.wait(
      { project, name: 'ui-cancel' },
      { timeoutMs: 40_000 },
    );
    expect(view.status).toBe('cancelled');
    expect(view.error).toBeUndefined();
    const { ok, skipped, pending } = view.counts;
    expect({ sum: ok + skipped, pending }).toEqual({ sum: 30, pending: 0 });
    expect(skipped).toBeGreaterThan(0);
    // A root, a target and a generation for each cell that was run.
    await until(async () => (await harness.platform.spanRows(view.runUid)).size === 3 * ok);
  });

  it('bounds the histories of a prompt’s queue that is never empty, and every command is answered in its order', async () => {
    const content = (text: string) => ({ body: { kind: 'text' as const, text }, config: {} });
    const push = async (text: string): Promise<string> => {
      const asked = { content: content(text), contentHash: promptContentHash(content(text)) };
      const request = {
        project,
        name: 'busy',
        ...asked,
        actor: 'ann',
        backend: 'langfuse' as const,
      };
      const { platforms } = await harness.client.prompts.push(request, { platforms: ['langfuse'] });
      return platforms[0]?.outcome ?? 'none';
    };
    // Three are always under way: the queue has no moment without a command.
    const outcomes = await Promise.all(
      ['a', 'b', 'c'].map(async (text) => {
        const each: string[] = [];
        for (let time = 0; time < 8; time += 1) each.push(await push(`${text}${time}`));
        return each;
      }),
    );
    expect(new Set(outcomes.flat())).toEqual(new Set(['created']));
    const queue = promptQueueWorkflowId(project, 'langfuse', 'busy');
    await until(async () => (await executionsOf(queue)).every(({ closeTime }) => closeTime));
    const lengths = (await executionsOf(queue)).map(({ historyLength }) => Number(historyLength));
    expect(lengths.length).toBeGreaterThan(1);
    // Sixty, and what was taken before that.
    expect(Math.max(...lengths)).toBeLessThan(60 + 3 * 15);
  });
});
