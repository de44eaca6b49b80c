import { mkdir, writeFile } from 'node:fs/promises';

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

const project = 'recorded';
/** Enough for a small run, too few for a large one. */
const historyLimit = 90;

/** Records every kind of history into a folder. */
export async function main(folder: URL): Promise<void> {
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
    await recordAll(harness, folder);
  } finally {
    await harness.stop();
    await temporal.stop();
    await services.close();
  }
}

async function recordAll(harness: Harness, folder: URL): Promise<void> {
  const run = async (
    name: string,
    dataset: string,
    change: Partial<ExperimentSpecInput> = {},
  ): Promise<void> => {
    await harness.run({ name, target: 'triage', dataset: { name: dataset }, ...change });
  };
  await run('plain', 'few');

  await harness.client.experiments.start(specOf('cancelled', 'some'));
  await until(async () => {
    const { counts } = await harness.client.experiments.get({ project, name: 'cancelled' });
    return counts.ok > 0;
  });
  await harness.client.experiments.cancel({ project, name: 'cancelled' });
  await harness.client.experiments.wait({ project, name: 'cancelled' });

  await harness.model.admin('POST', '/admin/faults', {
    kind: 'status',
    status: 429,
    retryAfter: 1,
    next: 1,
  });
  await run('rate-limited', 'few', { retry: { maxDelayMs: 100, initialDelayMs: 10 } });

  await harness.client.experiments.start(specOf('conflict', 'some'));
  await harness.client.experiments
    .start({ ...specOf('conflict', 'few'), repetitions: 2 })
    .catch(() => undefined);
  await harness.client.experiments.start(specOf('conflict', 'some'));
  await harness.client.experiments.wait({ project, name: 'conflict' });

  await run('continued', 'many', { concurrency: 2 });

  await mkdir(folder, { recursive: true });
  for (const name of ['plain', 'cancelled', 'rate-limited', 'conflict', 'continued']) {
    const histories = await historiesOf(harness, name);
    for (const [index, text] of histories.entries()) {
      const file = histories.length === 1 ? name : `${name}-${index + 1}`;
      await writeFile(new URL(`${file}.json`, folder), text);
      process.stderr.write(`${file}.json\n`);
    }
  }
}

const specOf = (name: string, dataset: string): ExperimentSpecInput => ({
  project,
  name,
  dataset: { name: dataset },
  target: 'triage',
  concurrency: 4,
});

/** The histories of all executions of a run, oldest first. */
async function historiesOf({ temporal }: Harness, name: string): Promise<string[]> {
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection });
  const workflowId = experimentWorkflowId(project, name);
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

// Who recorded it, and where, is nobody's business.
function clean(text: string): Promise<string> {
  const json: unknown = JSON.parse(text, (key, value: unknown) =>
    key === 'identity' && typeof value === 'string' ? 'recorder' : value,
  );
  return format(JSON.stringify(json), { parser: 'json', printWidth: 100 });
}
