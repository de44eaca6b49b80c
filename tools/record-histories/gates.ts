import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { GateRequestInput } from '../../src/contracts/gate-protocol.js';
import {
  baselineWorkflowId,
  gateWorkflowId,
  scheduledWorkflowId,
} from '../../src/core/experiment/naming.js';
import { startHarness, type Harness } from '../../test/support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../../test/support/project-files.js';
import { useShortHistories } from '../../test/support/short-history-temporal.js';
import { openTestServices } from '../../test/support/test-services.js';
import { until } from '../../test/support/until.js';
import { historiesOf } from './main.js';

const project = 'recorded';
/** Enough for a gate over a small run; a long run makes it go on in a new execution. */
const historyLimit = 90;

/** Records the histories of gates, baselines and a schedule into a folder: of the kinds that are named, else of every kind. */
export async function recordGates(folder: URL, kinds: readonly string[] = []): Promise<void> {
  const services = await openTestServices();
  const temporal = await useShortHistories(historyLimit);
  const harness = await startHarness({ project, latencyMs: 20, files: filesWith('category') });
  const other = await mkdtemp(join(tmpdir(), 'assay-record-'));
  try {
    const keep = async (kind: string, workflowId: string, from = 0): Promise<void> => {
      if (kinds.length > 0 && !kinds.includes(kind)) return;
      await mkdir(folder, { recursive: true });
      const all = (await historiesOf(harness, workflowId)).slice(from);
      // Between its beginning and its end a long one repeats itself.
      const histories = all.filter((_, at) => at < 2 || at === all.length - 1);
      for (const [index, text] of histories.entries()) {
        const file = histories.length === 1 ? kind : `${kind}-${index + 1}`;
        await writeFile(new URL(`${file}.json`, folder), text);
        process.stderr.write(`${file}.json\n`);
      }
    };
    const workers = await harness.startWorkers();
    await recordAll(harness, keep);
    await workers.stop();
    // Another evaluator: the baseline's run is judged again.
    for (const [path, text] of Object.entries(filesWith('[a-z]+'))) {
      await mkdir(dirname(join(other, path)), { recursive: true });
      await writeFile(join(other, path), text);
    }
    await harness.startWorkers({ folder: other });
    await harness.client.baselines.rejudge({ project, name: 'renewed' });
    // The first two saved and promoted it.
    await keep('baseline-renewed', baselineWorkflowId(project, 'renewed'), 2);
  } finally {
    await harness.stop();
    await rm(other, { recursive: true, force: true });
    await temporal.stop();
    await services.close();
  }
}

const filesWith = (pattern: string): Record<string, string> => ({
  'assay.config.ts': configFile({
    project,
    evaluators: `polite: { kind: 'regex', pattern: '${pattern}', expect: 'match' },`,
    rest: 'gate: { margin: 0.2 },',
  }),
  ...datasetFiles(20, 'few'),
  ...datasetFiles(700, 'many'),
  ...promptFiles,
});

async function recordAll(
  harness: Harness,
  keep: (kind: string, workflowId: string) => Promise<void>,
): Promise<void> {
  const { client } = harness;
  const request = (
    name: string,
    dataset: string,
    change: Partial<GateRequestInput> = {},
  ): GateRequestInput => ({
    project,
    name,
    head: {
      kind: 'start',
      spec: { project, name, target: 'triage', dataset: { name: dataset }, concurrency: 2 },
    },
    ...change,
  });
  const finished = (name: string): Promise<void> =>
    until(async () => {
      const { finishedAt } = await client.gates.get({ project, name });
      return finishedAt !== undefined;
    });

  await client.gates.start(request('rejected', 'few')).catch(() => undefined);
  await keep('rejected', gateWorkflowId(project, 'rejected'));

  await client.gates.start(
    request('started', 'few', { base: { kind: 'start', target: 'triage' } }),
  );
  await finished('started');
  // The same again: it is known.
  await client.gates.start(
    request('started', 'few', { base: { kind: 'start', target: 'triage' } }),
  );
  await keep('started', gateWorkflowId(project, 'started'));

  const run = { project, name: 'started' };
  await client.baselines.save(run, { name: 'renewed', promote: true });
  await client.baselines.promote({ project, name: 'renewed' });
  await keep('baseline-saved', baselineWorkflowId(project, 'renewed'));

  // The name is that of a run with another content.
  await harness.run({ name: 'taken', target: 'triage', dataset: { name: 'few' }, repetitions: 2 });
  await client.gates.start(request('taken', 'few'));
  await client.gates.wait({ project, name: 'taken' }).catch(() => undefined);
  await keep('failed', gateWorkflowId(project, 'taken'));

  await client.gates.start(request('long', 'many', { base: { kind: 'start', target: 'triage' } }));
  await client.gates.wait({ project, name: 'long' });
  await finished('long');
  await keep('long', gateWorkflowId(project, 'long'));

  // A wide margin is settled while the head runs.
  await client.gates.start(
    request('early', 'many', {
      base: { kind: 'start', target: 'triage' },
      settings: { margin: 0.9, earlyStop: true },
    }),
  );
  await finished('early');
  await keep('early', gateWorkflowId(project, 'early'));

  await client.schedules.put({
    project,
    job: 'nightly',
    cron: '0 3 * * *',
    work: { kind: 'gate', head: { target: 'triage', dataset: { name: 'few' } } },
  });
  await client.schedules.trigger({ project, job: 'nightly' });
  let started: string | undefined;
  await until(async () => {
    const gates = await client.gates.list({ project });
    started = gates.find(
      ({ name, finishedAt }) => name.startsWith('nightly-') && finishedAt !== undefined,
    )?.name;
    return started !== undefined;
  });
  await client.schedules.delete({ project, job: 'nightly' });
  const [, date = '', time = ''] = (started ?? '').split('-');
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
  const moment = `${day}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`;
  await keep('scheduled', `${scheduledWorkflowId(project, 'nightly')}-${moment}`);
}
