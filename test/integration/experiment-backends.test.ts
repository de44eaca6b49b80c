import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { setTimeout as wait } from 'node:timers/promises';

import type { ExperimentView } from '../../src/client/experiment-view.js';
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
  // It refuses what it has already: a record that is sent twice is seen in the answers, and is none of its rows.
  langsmith = await startLangsmith({ repeatedFeedback: 'refuse' });
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
});
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

const strikeLangfuse = (rule: object) => installation.platform.admin('POST', '/dev/faults', rule);

/** Whether a rule for this path has not struck yet. */
async function isArmed(path: string): Promise<boolean> {
  const reply = await installation.platform.admin('GET', '/dev/faults');
  const { faults } = reply as { faults: readonly { rule: { pathPrefix?: string } }[] };
  return faults.some(({ rule }) => rule.pathPrefix === path);
}

/** Where LangSmith takes what belongs to traces. */
const bulk = { method: 'POST', pathPrefix: '/runs/multipart' } as const;

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
  const rows = await installation.platform.spanRows(ended.runUid);
  expect(new Set(rows.values())).toEqual(new Set([1]));
  const traces = [...new Set([...rows.keys()].map((key) => key.split('/')[0] ?? ''))];
  expect(traces).toHaveLength(cells);
  // The root, the target and its call.
  expect(rows.size).toBe(cells * 3);
  const scores = await installation.platform.scoreIds(traces);
  expect(scores).toHaveLength(cells * 2);
  expect(new Set(scores).size).toBe(cells * 2);
  const runs = langsmith.inspect.runs.filter((run) => JSON.stringify(run).includes(ended.runUid));
  const roots = new Set(runs.filter((run) => run.parentRunId === null).map(({ id }) => id));
  expect(roots.size).toBe(cells);
  expect(runs).toHaveLength(cells * 3);
  const feedback = langsmith.inspect.feedback.filter(({ runId }) => roots.has(runId ?? ''));
  expect(feedback).toHaveLength(cells * 2);
  // LangSmith knows a record by its id; that it was asked only once shows that nothing was taken for lost.
  expect(new Set(runs.map(({ posts }) => posts))).toEqual(new Set([1]));
  expect(new Set(feedback.map(({ creations }) => creations))).toEqual(new Set([1]));
}

describe('an experiment on both platforms', () => {
  it('stands on each exactly once while either one fails and its worker is killed, and calls each cell once', async () => {
    langsmith.faults.order({ kind: 'server_error', status: 503, ...bulk });
    await start('langsmith-is-away');
    const key = { project, name: 'langsmith-is-away' };
    await until(async () => {
      const view = await installation.client.experiments.get(key);
      return publicationOf(view, 'langfuse')?.sentTraces === cells && view.status === 'publishing';
    });
    // All of it is on Langfuse, nothing on LangSmith: whoever goes on must know which.
    expect(langsmith.inspect.runs).toEqual([]);
    // The step that closes the cells is over: what is lost is the publisher alone.
    await wait(300);
    for (const pid of workers.pids) process.kill(pid, 'SIGKILL');
    langsmith.faults.clear();

    const otlp = '/api/public/otel/v1/traces';
    await strikeLangfuse({
      kind: 'commit_then_drop',
      next: 1,
      pathPrefix: '/api/public/ingestion',
    });
    await strikeLangfuse({ kind: 'rate_limit', next: 1, retryAfterSeconds: 1, pathPrefix: otlp });
    await start('langfuse-is-busy');
    // One after the other: rules that stand at the same time would strike the same request.
    for (const rule of [{ kind: 'server_error', status: 503 }, { kind: 'commit_then_drop' }]) {
      await until(async () => !(await isArmed(otlp)));
      await strikeLangfuse({ ...rule, next: 1, pathPrefix: otlp });
    }
    const [first, second] = await Promise.all(
      ['langsmith-is-away', 'langfuse-is-busy'].map((name) =>
        installation.client.experiments.wait({ project, name }, { timeoutMs: 60_000 }),
      ),
    );
    for (const ended of [first, second]) {
      if (ended === undefined) throw new Error('a run is missing');
      await expectOnceOnEach(ended);
    }
    // What was ordered has happened.
    expect(await installation.platform.admin('GET', '/dev/faults')).toEqual({ faults: [] });

    // Of these, some strike scores: they are sent again unasked, and the server says that it has them.
    langsmith.faults.order({ kind: 'commit_then_drop', next: 4, ...bulk });
    await start('langsmith-is-busy');
    const third = await installation.client.experiments.wait(
      { project, name: 'langsmith-is-busy' },
      { timeoutMs: 60_000 },
    );
    await expectOnceOnEach(third);
    const struck = langsmith.requests.last(1_000).filter(({ faults }) => faults !== undefined);
    expect(struck.filter(({ faults }) => faults?.includes('commit_then_drop'))).toHaveLength(4);
    expect(langsmith.requests.last(1_000).some(({ status }) => status === 409)).toBe(true);
    const calls = [...(await installation.paidCalls()).values()];
    expect(calls).toEqual(Array.from({ length: 3 * cells }, () => 1));
  });
});
