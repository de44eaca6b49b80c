// The CLI from a clone: installed and built first, then run in this very process, so that signals, exit code and
// terminal are its own.
import { fileURLToPath, pathToFileURL } from 'node:url';

import { prepare } from './build.mjs';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** Runs `assay` with the arguments. */
export const runCli = async (args) => {
  try {
    await prepare();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
    return;
  }
  process.setSourceMapsEnabled(true);
  process.argv.splice(1, process.argv.length, main, ...args);
  await import(pathToFileURL(main).href);
};
