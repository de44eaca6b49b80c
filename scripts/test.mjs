// npm test: installed, built, then Jest with all arguments passed on.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { prepare } from './build.mjs';
import { endAs, run } from './run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

try {
  await prepare();
  const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  endAs(await run(process.execPath, [...node, jest, ...process.argv.slice(2)], { cwd: root }));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
