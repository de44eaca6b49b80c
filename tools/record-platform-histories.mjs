// Maintainer's tool: records the histories of pushed datasets, pushed prompts and moved labels that test/replay replays.
//
//   node scripts/build.mjs && node tools/record-platform-histories.mjs [kind…]
//
// As for record-histories.mjs: record again only where a new kind of history is wanted.
await import('../test/support/register-ts.mjs');
const { recordPlatforms } = await import('./record-histories/platforms.ts');
await recordPlatforms(
  new URL('../test/replay/platform-histories/', import.meta.url),
  process.argv.slice(2),
);
