import { mkdir, writeFile } from 'node:fs/promises';

import { Client, Connection } from '@temporalio/client';

import type { PlatformMigrationInput } from '../../src/contracts/platform-migration.js';
import { platformMigrationWorkflowId } from '../../src/core/experiment/naming.js';
import { fillWorkspace } from '../../test/contract/moves/workspace.js';
import { startHarness, type Harness } from '../../test/support/harness.js';
import { startLangsmith } from '../../test/support/langsmith/server.js';
import { configFile, promptFiles } from '../../test/support/project-files.js';
import { useShortHistories } from '../../test/support/short-history-temporal.js';
import { openTestServices } from '../../test/support/test-services.js';
import { until } from '../../test/support/until.js';
import { historiesOf } from './main.js';

const project = 'recorded';
/** Enough for a small move, too few for one that waits for long. */
const historyLimit = 140;

/** Records the histories of moves into a folder: of the kinds that are named, else of every kind. */
export async function recordMoves(folder: URL, kinds: readonly string[] = []): Promise<void> {
  const services = await openTestServices();
  const temporal = await useShortHistories(historyLimit);
  const langsmith = await startLangsmith();
  const harness = await startHarness({
    project,
    files: {
      'assay.config.ts': configFile({
        project,
        rest: 'platform: { visibilityDeadlineMs: 500 },',
      }),
      ...promptFiles,
    },
  });
  try {
    await harness.startWorkers({
      variables: { LANGSMITH_API_KEY: langsmith.apiKey, LANGSMITH_ENDPOINT: langsmith.url },
    });
    await fillWorkspace(langsmith, { examples: 6, live: 4 });
    await mkdir(folder, { recursive: true });
    for (const [kind, record] of Object.entries(kindsOf(harness))) {
      if (kinds.length > 0 && !kinds.includes(kind)) continue;
      await record();
      await harness.platform.admin('DELETE', '/dev/faults');
      const histories = await historiesOf(harness, platformMigrationWorkflowId(project, kind));
      for (const [at, text] of histories.entries()) {
        const name = histories.length === 1 ? kind : `${kind}-${at + 1}`;
        await writeFile(new URL(`${name}.json`, folder), text);
        process.stderr.write(`${name}.json\n`);
      }
    }
  } finally {
    await harness.stop();
    await langsmith.close();
    await temporal.stop();
    await services.close();
  }
}

/** By kind, which is the name of its move. */
function kindsOf(harness: Harness): Readonly<Record<string, () => Promise<unknown>>> {
  const { client, platform } = harness;
  const move = (
    name: string,
    change: Partial<PlatformMigrationInput> = {},
  ): ReturnType<typeof client.migrations.run> =>
    client.migrations.run({ project, name, direction: 'langsmith-to-langfuse', ...change });
  const fault = (rule: object): Promise<unknown> => platform.admin('POST', '/dev/faults', rule);
  const waits = (name: string): Promise<unknown> =>
    until(
      async () =>
        (await client.migrations.report({ project, name }).catch(() => undefined))?.waiting !==
        undefined,
      60_000,
    );
  return {
    'dry-run': () => move('dry-run', { dryRun: true }),
    failed: () => move('failed', { datasets: ['nowhere'] }),
    async cancelled() {
      await fault({ kind: 'down', seconds: 600 });
      const moving = move('cancelled');
      await waits('cancelled');
      await cancel(harness, 'cancelled');
      await moving.catch(() => undefined);
    },
    async away() {
      await fault({ kind: 'down', seconds: 12 });
      await move('away', { only: ['datasets'] });
    },
    // The server takes no spans for longer than a publisher waits by itself.
    async 'not-sent'() {
      await fault({ kind: 'down', seconds: 28, pathPrefix: '/api/public/otel' });
      await move('not-sent');
    },
    plain: () => move('plain'),
  };
}

async function cancel({ temporal }: Harness, name: string): Promise<void> {
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  await client.workflow.getHandle(platformMigrationWorkflowId(project, name)).cancel();
  await connection.close();
}
