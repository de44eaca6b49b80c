// npm run test:live: what the engine relies on, asked of the real servers whose variables are set.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { prepare } from './build.mjs';
import { endAs, run } from './run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const isSet = (name) => (process.env[name] ?? '') !== '';

const langfuse =
  (isSet('LANGFUSE_HOST') || isSet('LANGFUSE_BASE_URL')) &&
  isSet('LANGFUSE_PUBLIC_KEY') &&
  isSet('LANGFUSE_SECRET_KEY');
const langsmith = isSet('LANGSMITH_API_KEY');

if (!langfuse)
  console.log(
    'Skipped Langfuse: LANGFUSE_HOST, LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY are not all set.',
  );
if (!langsmith) console.log('Skipped LangSmith: LANGSMITH_API_KEY is not set.');

if (langfuse || langsmith) {
  console.log(
    'What this writes (datasets, prompts and runs named conformance-…, run-…) stays in the project of the keys.',
  );
  try {
    await prepare();
    const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
    const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
    const what = ['test/contract/platform-conformance/live.test.ts', '--testTimeout=300000'];
    const env = { ...process.env, ASSAY_TEST_LIVE: '1' };
    endAs(
      await run(process.execPath, [...node, jest, ...what, ...process.argv.slice(2)], {
        cwd: root,
        env,
      }),
    );
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
