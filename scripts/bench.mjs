// npm run bench -- SUITE: installed, built, then the suite runs from its TypeScript; workers and servers run from dist/.
import { prepare } from './build.mjs';

try {
  await prepare();
  await import('../test/support/register-ts.mjs');
  const { main } = await import('../bench/main.ts');
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
