import { mkdir, writeFile } from 'node:fs/promises';

import { Client, Connection } from '@temporalio/client';

import { AssayError } from '../../src/core/errors/assay-error.js';
import { datasetPushWorkflowId, promptQueueWorkflowId } from '../../src/core/experiment/naming.js';
import { promptContentHash } from '../../src/core/prompts/content.js';
import { startHarness, type Harness } from '../../test/support/harness.js';
import { startLangsmith } from '../../test/support/langsmith/server.js';
import { configFile, datasetFiles, promptFiles } from '../../test/support/project-files.js';
import { useShortHistories } from '../../test/support/short-history-temporal.js';
import { openTestServices } from '../../test/support/test-services.js';
import { until } from '../../test/support/until.js';
import { historiesOf, openHistory } from './main.js';

const project = 'recorded';
/** Enough for every kind but the one that is to go on in another execution. */
const historyLimit = 35;
const itemsPath = '/api/public/dataset-items';

/** Records the histories of pushes and moved labels into a folder: of the kinds that are named, else of every kind. */
export async function recordPlatforms(folder: URL, kinds: readonly string[] = []): Promise<void> {
  const services = await openTestServices();
  const temporal = await useShortHistories(historyLimit);
  const langsmith = await startLangsmith();
  const harness = await startHarness({
    project,
    files: {
      'assay.config.ts': configFile({ project }),
      ...datasetFiles(6, 'push-plain'),
      ...datasetFiles(6, 'push-both'),
      ...datasetFiles(6, 'push-away'),
      ...datasetFiles(6, 'push-given-up'),
      ...datasetFiles(300, 'push-long'),
      ...datasetFiles(6, 'push-continued'),
      ...datasetFiles(6, 'push-running'),
      ...datasetFiles(6, 'push-cancelled'),
      ...datasetFiles(6, 'push-invalid'),
      'datasets/push-invalid/schema.json': JSON.stringify({
        properties: { inputs: { required: ['never'] } },
      }),
      ...promptFiles,
    },
  });
  try {
    await harness.startWorkers({
      variables: { LANGSMITH_API_KEY: langsmith.apiKey, LANGSMITH_ENDPOINT: langsmith.url },
    });
    const recorders = { ...pushKinds(harness), ...promptKinds(harness) };
    await mkdir(folder, { recursive: true });
    for (const [kind, record] of Object.entries(recorders)) {
      if (kinds.length > 0 && !kinds.includes(kind)) continue;
      const recorded = await record();
      // The last execution: what came before it prepared it.
      const texts =
        typeof recorded === 'string'
          ? (await historiesOf(harness, recorded)).slice(-1)
          : recorded.histories;
      if (texts.length === 0) throw new Error(`${kind} left no history`);
      for (const [index, text] of texts.entries()) {
        const file = texts.length === 1 ? kind : `${kind}-${index + 1}`;
        await writeFile(new URL(`${file}.json`, folder), text);
        process.stderr.write(`${file}.json\n`);
      }
    }
  } finally {
    await harness.stop();
    await langsmith.close();
    await temporal.stop();
    await services.close();
  }
}

/** By kind: does it, and gives the id of the workflow that did, or its histories where they are not those of its end. */
type Recorders = Readonly<
  Record<string, () => Promise<string | { readonly histories: readonly string[] }>>
>;

function pushKinds(harness: Harness): Recorders {
  const { client, platform } = harness;
  const push = async (
    dataset: string,
    change: { readonly backend?: 'both'; readonly patienceMs?: number } = {},
  ): Promise<string> => {
    await client.datasets.push({ project, dataset, ...change }).catch(() => undefined);
    return datasetPushWorkflowId(project, dataset);
  };
  const fault = (rule: object): Promise<unknown> =>
    platform.admin('POST', '/dev/faults', { method: 'POST', pathPrefix: itemsPath, ...rule });
  const mended = (): Promise<unknown> => platform.admin('DELETE', '/dev/faults');
  const waits = async (id: string): Promise<boolean> =>
    (await openHistory(harness, id).catch(() => '')).includes('EVENT_TYPE_TIMER_STARTED');
  return {
    'push-plain': () => push('push-plain'),
    'push-both': () => push('push-both', { backend: 'both' }),
    'push-invalid': () => push('push-invalid'),
    async 'push-away'() {
      await fault({ kind: 'down', seconds: 12 });
      const id = await push('push-away');
      await mended();
      return id;
    },
    async 'push-given-up'() {
      await fault({ kind: 'down', seconds: 600 });
      const id = await push('push-given-up', { patienceMs: 3_000 });
      await mended();
      return id;
    },
    // Longer than its first slice.
    async 'push-long'() {
      await fault({ kind: 'slow', delayMs: 500 });
      const id = await push('push-long');
      await mended();
      return id;
    },
    // Silent for so long that it is asked ever more rarely, and that the history grows long.
    async 'push-continued'() {
      await fault({ kind: 'down', seconds: 60 });
      const id = await push('push-continued');
      await mended();
      return { histories: await historiesOf(harness, id) };
    },
    // While it waits for its platforms.
    async 'push-cancelled'() {
      await fault({ kind: 'down', seconds: 600 });
      const ended = push('push-cancelled', { backend: 'both' });
      const id = datasetPushWorkflowId(project, 'push-cancelled');
      await until(() => waits(id), 60_000);
      const connection = await Connection.connect({ address: harness.temporal.address });
      await new Client({ connection }).workflow.getHandle(id).cancel();
      await connection.close();
      await ended;
      await mended();
      return id;
    },
    // Still at work, while another one is refused.
    async 'push-running'() {
      await fault({ kind: 'down', seconds: 600 });
      const ended = push('push-running');
      const id = datasetPushWorkflowId(project, 'push-running');
      await until(() => waits(id), 60_000);
      const refused = await client.datasets
        .push({ project, dataset: 'push-running', archiveRemoved: true })
        .catch((error: unknown) => error);
      if (!AssayError.is(refused) || refused.code !== 'DATASET_PUSH_RUNNING') throw refused;
      const histories = [await openHistory(harness, id)];
      await mended();
      await ended;
      return { histories };
    },
  };
}

function promptKinds({ client, platform }: Harness): Recorders {
  const push = async (
    name: string,
    text: string,
    backend?: 'langfuse' | 'langsmith' | 'both',
  ): Promise<string> => {
    const content = { body: { kind: 'text' as const, text }, config: {} };
    await client.prompts.push({
      project,
      name,
      content,
      contentHash: promptContentHash(content),
      labels: ['staging'],
      actor: 'recorder',
      ...(backend === undefined ? {} : { backend }),
    });
    return promptQueueWorkflowId(project, 'langfuse', name);
  };
  const promote = (name: string, version: string, gated = false): Promise<unknown> =>
    client.prompts.move({
      kind: 'promote',
      project,
      name,
      label: 'production',
      to: { version },
      actor: 'recorder',
      ...(gated ? { gate: {} } : {}),
    });
  const rollback = (name: string): Promise<unknown> =>
    client.prompts.move({
      kind: 'rollback',
      project,
      name,
      label: 'production',
      actor: 'recorder',
    });
  return {
    'queue-pushed': () => push('pushed', 'Sort: {{text}}'),
    async 'queue-failed'() {
      // Messages there, which a text cannot follow.
      await platform.admin('POST', '/api/public/v2/prompts', {
        name: 'failed',
        type: 'chat',
        prompt: [{ role: 'user', content: 'x' }],
      });
      return push('failed', 'Sort: {{text}}');
    },
    // Several commands of one queue, the first of which waits for the platform.
    async 'queue-waited'() {
      await platform.admin('POST', '/dev/faults', { kind: 'down', seconds: 600 });
      let waits = false;
      const content = { body: { kind: 'text' as const, text: 'Sort: {{text}}' }, config: {} };
      const contentHash = promptContentHash(content);
      const first = client.prompts.push(
        { project, name: 'waited', content, contentHash, actor: 'recorder' },
        { onProgress: ({ state }) => (waits ||= state === 'waiting') },
      );
      await until(() => waits, 60_000);
      const rest = [promote('waited', '1'), rollback('waited')];
      await platform.admin('DELETE', '/dev/faults');
      await Promise.all([first, ...rest]);
      return promptQueueWorkflowId(project, 'langfuse', 'waited');
    },
    async 'queue-moved'() {
      const id = await push('promoted', 'Sort: {{text}}');
      await promote('promoted', '1');
      return id;
    },
    async 'queue-refused'() {
      const id = await push('refused', 'Sort: {{text}}');
      await promote('refused', '1', true);
      return id;
    },
  };
}
