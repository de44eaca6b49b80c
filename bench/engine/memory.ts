import { withBenchStack, type BenchStack } from '../stack/bench-stack.js';
import { peakRssMiB } from '../stack/processes.js';
import type { BenchContext, Measurement } from './measurement.js';
import { runLoad, warmUp } from './run-load.js';

const small = { cells: 2_000, items: 2_000, repetitions: 1 } as const;
/** Items a hundredfold and repetitions: what is planned, run, published, verified and reported is 200,000 cells. */
const large = { cells: 200_000, items: 20_000, repetitions: 10 } as const;

/** The most memory of a worker that runs 200,000 cells, and how much that is of one that runs 2,000. Run once. */
export const memory: Measurement = {
  figures: {
    rssGrowth: { unit: '× of 2,000 cells', goal: { atMost: 1.3 } },
    rssMax: { unit: 'MiB', goal: { atMost: 350 } },
  },
  minutes: 15,
  measure: (context) =>
    withBenchStack({ latencyMs: 0, ...context }, async (stack) => {
      const few = await peakOf(stack, small, context);
      const many = await peakOf(stack, large, context);
      return { rssGrowth: { value: many / few }, rssMax: { value: Math.max(few, many) } };
    }),
};

/** The peak of a worker that is started for this load alone, warm-up included, to the end of its run. */
async function peakOf(
  stack: BenchStack,
  load: typeof small | typeof large,
  context: BenchContext,
): Promise<number> {
  const dataset = `memory-${load.cells}`;
  const workers = await stack.startWorkers();
  await warmUp(stack, { dataset, items: load.items, warmCells: 1_000 });
  const started = performance.now();
  await runLoad(stack, { name: dataset, dataset, concurrency: 100, ...load });
  const peak = workers.pids.reduce((most, pid) => Math.max(most, peakRssMiB(pid) ?? 0), 0);
  const seconds = (performance.now() - started) / 1_000;
  context.log(`${load.cells} cells: peak ${peak.toFixed(0)} MiB, ${seconds.toFixed(0)} s`);
  await workers.stop();
  return peak;
}
