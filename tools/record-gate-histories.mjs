// Maintainer's tool: records the histories of gates, baselines and schedules that test/replay replays.
//
//   node scripts/build.mjs && node tools/record-gate-histories.mjs [kind…]
//
// As for record-histories.mjs: record again only where a new kind of history is wanted.
await import('../test/support/register-ts.mjs');
const { recordGates } = await import('./record-histories/gates.ts');
await recordGates(
  new URL('../test/replay/gate-histories/', import.meta.url),
  process.argv.slice(2),
);
