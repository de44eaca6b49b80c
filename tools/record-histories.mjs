// Maintainer's tool: records the histories that test/replay replays, from real runs on a real installation.
//
//   node scripts/build.mjs && node tools/record-histories.mjs [kind…]
//
// Record again only where a new kind of history is wanted. A change of a workflow that old histories do not fit is a
// defect: runs that are under way would break. `patched()` keeps both.
await import('../test/support/register-ts.mjs');
const { main } = await import('./record-histories/main.ts');
await main(new URL('../test/replay/histories/', import.meta.url), process.argv.slice(2));
