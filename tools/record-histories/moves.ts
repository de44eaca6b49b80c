import { mkdir, writeFile } from 'node:fs/promises';

import type { PlatformMigrationInput } from '../../src/contracts/platform-migration.js';
import { platformMigrationWorkflowId } from '../../src/core/experiment/naming.js';
import { fillWorkspace } from '../../test/contract/moves/workspace.js';
import { startHarness, type Harness } from '../../test/support/harness.js';
import { startLangsmith, type LangsmithServer } from '../../test/support/langsmith/server.js';
import { configFile, promptFiles } from '../../test/support/project-files.js';
import { useShortHistories } from '../../test/support/short-history-temporal.js';
import { openTestServices } from '../../test/support/test-services.js';
import { until } from '../../test/support/until.js';
import { historiesOf } from './main.js';

const project = 'recorded';
/** Enough for a small move, too few for one that waits for long. */
const historyLimit = 110;

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
    for (const [kind, record] of Object.entries(kindsOf(harness, langsmith))) {
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
function kindsOf(
  { client, platform }: Harness,
  langsmith: LangsmithServer,
): Readonly<Record<string, () => Promise<unknown>>> {
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
  // What has no `settled-` or `anew-` before it was recorded with the build before executions were marked, and `settled-long` with
  // the one before continued executions were.
  return {
    'dry-run': () => move('dry-run', { dryRun: true }),
    failed: () => move('failed', { datasets: ['nowhere'] }),
    async 'settled-cancelled'() {
      await fault({ kind: 'down', seconds: 600 });
      const moving = move('settled-cancelled');
      await waits('settled-cancelled');
      await client.migrations.cancel({ project, name: 'settled-cancelled' });
      await moving;
    },
    async 'settled-away'() {
      await fault({ kind: 'down', seconds: 12 });
      await move('settled-away', { only: ['datasets'] });
    },
    // The server takes no spans for longer than a publisher waits by itself.
    async 'settled-not-sent'() {
      await fault({ kind: 'down', seconds: 28, pathPrefix: '/api/public/otel' });
      await move('settled-not-sent');
    },
    'settled-plain': () => move('settled-plain'),
    // The source stays away while traces are put out, until the history has grown long.
    async 'anew-long'() {
      langsmith.faults.order({ kind: 'down', seconds: 40, pathPrefix: '/runs/query' });
      await move('anew-long', { only: ['traces'] });
    },
  };
}
