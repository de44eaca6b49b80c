// Maintainer's tool: replays recorded exchanges with a real Langfuse server against our dev server.
//   node tools/replay-recordings.mjs <folder> [--database-url URL] [--json] [--verbose]
// The folder is that of one write mode (`events_only`, `dual`, `legacy`); ours runs in the recorded mode. The recordings are not part of this repository.
import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
// Inside the repository, so that the external packages of the bundle are found.
const folder = await mkdtemp(join(here, '..', 'node_modules', '.replay-'));
try {
  const outfile = join(folder, 'main.mjs');
  await build({
    entryPoints: [join(here, 'replay-recordings', 'main.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outfile,
    logLevel: 'warning',
  });
  const { main } = await import(pathToFileURL(outfile).href);
  process.exitCode = await main(process.argv.slice(2));
} finally {
  await rm(folder, { recursive: true, force: true });
}
