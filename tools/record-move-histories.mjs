// Maintainer's tool: records the histories of moves between platforms that test/replay replays.
//
//   node scripts/build.mjs && node tools/record-move-histories.mjs [kind…]
//
// As for record-histories.mjs: record again only where a new kind of history is wanted.
await import('../test/support/register-ts.mjs');
const { recordMoves } = await import('./record-histories/moves.ts');
await recordMoves(
  new URL('../test/replay/move-histories/', import.meta.url),
  process.argv.slice(2),
);
