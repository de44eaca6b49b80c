// A process of its own, so that its memory is that of one comparison: prints its seconds and its peak in MiB as JSON.
import { compareRuns } from '../../src/core/regression/compare.js';
import { RunScoresBuilder, type RunScores } from '../../src/core/regression/run-scores.js';
import { drawsOf } from './random.js';

const [items = 20_000, repetitions = 10] = process.argv.slice(2).map(Number);
const languages = ['de', 'en', 'es', 'fr', 'it', 'ja', 'pt', 'zh'];

function side(name: string): RunScores {
  const draws = drawsOf(name, 0);
  const builder = new RunScoresBuilder();
  for (let item = 0; item < items; item += 1) {
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      const passed = draws.uniform() < 0.8;
      builder.add({
        itemId: `ticket-${item}`,
        costDollars: 0.001 * (1 + draws.uniform()),
        latencyMs: 300 * (1 + draws.uniform()),
        scores: [
          { name: 'exact', value: { type: 'BOOLEAN', value: passed }, passed },
          { name: 'judge', value: { type: 'NUMERIC', value: Math.floor(draws.uniform() * 5) / 4 } },
          { name: 'similarity', value: { type: 'NUMERIC', value: draws.uniform() } },
        ],
      });
    }
  }
  return builder.build();
}

const started = performance.now();
const comparison = compareRuns({
  base: side('base'),
  head: side('head'),
  evaluators: [{ name: 'exact' }, { name: 'judge' }, { name: 'similarity' }],
  slices: [
    {
      key: '/metadata/language',
      valueOf: (id) => languages[Number(id.slice('ticket-'.length)) % languages.length],
    },
  ],
  // Just as many as are bootstrapped: the most work that a comparison can be.
  cluster: {
    key: '/metadata/thread',
    of: (id) => String(Number(id.slice('ticket-'.length)) % 5_000),
  },
  cost: { margin: 0.1 },
  latency: { margin: 0.1 },
});
const seconds = (performance.now() - started) / 1_000;
const rssMiB = process.resourceUsage().maxRSS / 1_024;
process.stdout.write(JSON.stringify({ seconds, rssMiB, items: comparison.items.common }));
