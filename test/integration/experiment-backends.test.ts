import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { setTimeout as wait } from 'node:timers/promises';

import type { ExperimentView } from '../../src/client/experiments.js';
import type { SupervisedWorkers } from '../../src/workers/supervisor.js';
import { startHarness, type Harness } from '../support/harness.js';
import { startLangsmith, type LangsmithServer } from '../support/langsmith/server.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';
import { until } from '../support/until.js';

const project = 'backends';
const cells = 30;

let langsmith: LangsmithServer;
let installation: Harness;
let workers: SupervisedWorkers;

beforeAll(async () => {
  langsmith = await startLangsmith();
  installation = await startHarness({
    project,
    files: {
      ...promptFiles,
      ...datasetFiles(cells),
      'assay.config.ts': configFile({
        project,
        rest: `platform: { backend: 'both', visibilityDeadlineMs: 500 },`,
      }),
    },
  });
  workers = await installation.startWorkers({
    variables: { LANGSMITH_API_KEY: langsmith.apiKey, LANGSMITH_ENDPOINT: langsmith.url },
  });
}, 60_000);
afterAll(async () => {
  await installation.stop();
  await langsmith.close();
});

const start = (name: string) =>
  installation.client.experiments.start({
    project,
    name,
    target: 'triage',
    dataset: { name: 'items' },
  });

const publicationOf = (view: ExperimentView, platform: string) =>
  view.publication.find((each) => each.platform === platform);

async function expectOnceOnEach(ended: ExperimentView): Promise<void> {
  expect(ended).toMatchObject({ status: 'completed', counts: { planned: cells, ok: cells } });
  expect(ended.publication.map(({ platform }) => platform)).toEqual(['langfuse', 'langsmith']);
  for (const each of ended.publication) {
    expect(each).toMatchObject({
      sentTraces: cells,
      verifiedTraces: cells,
      expectedScores: cells * 2,
      verifiedScores: cells * 2,
      duplicateSpans: 0,
      refused: 0,
    });
  }
  // Langfuse keeps one more row of whatever is sent again.
  const rows = [...(await installation.platform.spanRows(ended.runUid)).values()];
  expect(new Set(rows)).toEqual(new Set([1]));
  const runs = langsmith.inspect.runs.filter((run) => JSON.stringify(run).includes(ended.runUid));
  const roots = new Set(runs.filter((run) => run.parentRunId === null).map(({ id }) => id));
  expect(roots.size).toBe(cells);
  const feedback = langsmith.inspect.feedback.filter(({ runId }) => roots.has(runId ?? ''));
  expect(feedback).toHaveLength(cells * 2);
  // LangSmith knows a record by its id; that it was asked only once shows that nothing was taken for lost.
  expect(new Set(runs.map(({ posts }) => posts))).toEqual(new Set([1]));
  expect(new Set(feedback.map(({ creations }) => creations))).toEqual(new Set([1]));
}

describe('an experiment on both platforms', () => {
  it('stands on each exactly once while either one fails and its worker is killed, and calls each cell once', async () => {
    langsmith.faults.order({ kind: 'down', seconds: 60, pathPrefix: '/runs' });
    await start('langsmith-is-away');
    const key = { project, name: 'langsmith-is-away' };
    await until(async () => {
      const view = await installation.client.experiments.get(key);
      return publicationOf(view, 'langfuse')?.sentTraces === cells && view.status === 'publishing';
    }, 20_000);
    // All of it is on Langfuse, nothing on LangSmith: whoever goes on must know which.
    expect(langsmith.inspect.runs).toEqual([]);
    // The step that closes the cells is over: what is lost is the publisher alone.
    await wait(300);
    for (const pid of workers.pids) process.kill(pid, 'SIGKILL');
    langsmith.faults.clear();

    const otlp = '/api/public/otel/v1/traces';
    for (const rule of [
      { kind: 'rate_limit', next: 2, retryAfterSeconds: 1, pathPrefix: otlp },
      { kind: 'commit_then_drop', next: 1, pathPrefix: otlp },
    ]) {
      await installation.platform.admin('POST', '/dev/faults', rule);
    }
    await start('langfuse-is-busy');
    const [first, second] = await Promise.all(
      ['langsmith-is-away', 'langfuse-is-busy'].map((name) =>
        installation.client.experiments.wait({ project, name }, { timeoutMs: 60_000 }),
      ),
    );
    for (const ended of [first, second]) {
      if (ended === undefined) throw new Error('a run is missing');
      await expectOnceOnEach(ended);
    }
    const calls = [...(await installation.paidCalls()).values()];
    expect(calls).toEqual(Array.from({ length: 2 * cells }, () => 1));
  }, 90_000);
});
