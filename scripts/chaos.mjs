// npm run chaos: installed, built, then the suite from its sources.
import { prepare } from './build.mjs';

try {
  await prepare();
  await import('../test/support/register-ts.mjs');
  const { main } = await import('../test/chaos/main.ts');
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 70;
}
