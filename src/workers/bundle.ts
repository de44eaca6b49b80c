import { bundleWorkflowCode } from '@temporalio/worker';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** The prebuilt bundle of the workflows: what production runs, and what histories are replayed with. */
export const workflowBundlePath = join(here, 'workflows.bundle.js');

/** The workflows' entry, as source or as build output. */
export const workflowsPath = join(
  here,
  '..',
  'workflows',
  import.meta.url.endsWith('.ts') ? 'index.ts' : 'index.js',
);

/** Bundles the workflows. */
export async function bundleWorkflows(): Promise<string> {
  const silent = (): void => undefined;
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    // Hashing is done in activities; nothing of the bundle may reach for a Node module at run time.
    ignoreModules: ['node:crypto'],
    logger: {
      log: silent,
      trace: silent,
      debug: silent,
      info: silent,
      warn: (message) => process.stderr.write(`${message}\n`),
      error: (message) => process.stderr.write(`${message}\n`),
    },
  });
  return code;
}

/** Whether the build made the bundle. */
export function hasWorkflowBundle(): boolean {
  return existsSync(workflowBundlePath);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await writeFile(workflowBundlePath, await bundleWorkflows());
}
