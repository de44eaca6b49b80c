import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { format } from 'prettier';

import type { ExperimentSpecInput } from '../../src/contracts/experiment-spec.js';
import { experimentWorkflowId } from '../../src/core/experiment/naming.js';
import { startHarness, type Harness } from '../../test/support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../../test/support/project-files.js';
import { useShortHistories } from '../../test/support/short-history-temporal.js';
import { openTestServices } from '../../test/support/test-services.js';
import { until } from '../../test/support/until.js';
import { commandKinds } from './command-kinds.js';

const project = 'recorded';
/** Enough for a small run, too few for a large one. */
const historyLimit = 90;

/** Records histories into a folder: of the kinds that are named, else of every kind. */
export async function main(folder: URL, kinds: readonly string[] = []): Promise<void> {
  const services = await openTestServices();
  const temporal = await useShortHistories(historyLimit);
  const harness = await startHarness({
    project,
    latencyMs: 20,
    files: {
      'assay.config.ts': configFile({ project }),
      ...datasetFiles(6, 'few'),
      ...datasetFiles(60, 'some'),
      ...datasetFiles(700, 'many'),
      ...promptFiles,
    },
  });
  try {
    await harness.startWorkers();
    const recorders = recordersOf(harness);
    const wanted = Object.entries(recorders).filter(
      ([kind]) => kinds.length === 0 || kinds.includes(kind),
    );
    for (const [kind, record] of wanted) {
      await record();
      await keepHistories(harness, { name: kind, folder });
    }
  } finally {
    await harness.stop();
    await temporal.stop();
    await services.close();
  }
}

/** The kinds of histories, each the name of its run. */
function recordersOf(harness: Harness): Readonly<Record<string, () => Promise<void>>> {
  const { client, model } = harness;
  const run = async (
    name: string,
    dataset: string,
    change: Partial<ExperimentSpecInput> = {},
  ): Promise<void> => {
    await harness.run({ name, target: 'triage', dataset: { name: dataset }, ...change });
  };
  return {
    plain: () => run('plain', 'few'),
    // Batches as large as the concurrency, and more than one of them.
    wide: () => run('wide', 'many', { concurrency: 80 }),
    async cancelled() {
      await client.experiments.start(specOf('cancelled', 'some'));
      await until(async () => {
        const { counts } = await client.experiments.get({ project, name: 'cancelled' });
        return counts.ok > 0;
      });
      await client.experiments.cancel({ project, name: 'cancelled' });
      await client.experiments.wait({ project, name: 'cancelled' });
    },
    async 'rate-limited'() {
      const fault = { kind: 'status', status: 429, retryAfter: 1, next: 1 };
      await model.admin('POST', '/admin/faults', fault);
      await run('rate-limited', 'few', { retry: { maxDelayMs: 100, initialDelayMs: 10 } });
    },
    async conflict() {
      await client.experiments.start(specOf('conflict', 'some'));
      await client.experiments
        .start({ ...specOf('conflict', 'few'), repetitions: 2 })
        .catch(() => undefined);
      await client.experiments.start(specOf('conflict', 'some'));
      await client.experiments.wait({ project, name: 'conflict' });
    },
    continued: () => run('continued', 'many', { concurrency: 2 }),
    ...commandKinds(harness),
    // Its first history is a run with failed cells, its others are what was done after the end.
    async retried() {
      const key = { project, name: 'retried' };
      await model.admin('POST', '/admin/faults', { kind: 'status', status: 400, next: 3 });
      await run('retried', 'few');
      await client.experiments.retryFailed(key);
      await client.experiments.wait(key);
      await client.experiments.verify(key, { repair: true });
      await client.experiments.wait(key);
    },
  };
}

async function keepHistories(
  harness: Harness,
  { name, folder }: { readonly name: string; readonly folder: URL },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const histories = await historiesOf(harness, experimentWorkflowId(project, name));
  for (const [index, text] of histories.entries()) {
    const file = histories.length === 1 ? name : `${name}-${index + 1}`;
    await writeFile(new URL(`${file}.json`, folder), text);
    process.stderr.write(`${file}.json\n`);
  }
}

const specOf = (name: string, dataset: string): ExperimentSpecInput => ({
  project,
  name,
  dataset: { name: dataset },
  target: 'triage',
  concurrency: 4,
});

/** The histories of all executions of a workflow, oldest first. */
export async function historiesOf({ temporal }: Harness, workflowId: string): Promise<string[]> {
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection });
  const found: { runId: string; at: number; text: string }[] = [];
  // Visibility follows the end of an execution by a moment.
  await until(async () => {
    found.length = 0;
    for await (const each of client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
      if (each.status.name === 'RUNNING') return false;
      const history = await client.workflow.getHandle(workflowId, each.runId).fetchHistory();
      found.push({
        runId: each.runId,
        at: each.startTime.getTime(),
        text: await clean(historyToJSON(history)),
      });
    }
    return found.length > 0;
  });
  await connection.close();
  return found.sort((a, b) => a.at - b.at).map(({ text }) => text);
}

/** The history of a workflow's last execution as far as it goes, whether it has ended or not. */
export async function openHistory({ temporal }: Harness, workflowId: string): Promise<string> {
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const client = new Client({ connection });
    return await clean(historyToJSON(await client.workflow.getHandle(workflowId).fetchHistory()));
  } finally {
    await connection.close();
  }
}

// Who recorded it, and where, is nobody's business.
function clean(text: string): Promise<string> {
  const here = resolve('.');
  const json: unknown = JSON.parse(text, (key, value: unknown) => {
    if (typeof value !== 'string') return value;
    return key === 'identity' ? 'recorder' : value.replaceAll(here, '/assay');
  });
  return format(JSON.stringify(json), { parser: 'json', printWidth: 100 });
}
