import { median } from '../arithmetic/median.js';
import { withBenchStack, type BenchStack } from '../stack/bench-stack.js';
import { repeat, type BenchContext, type Measurement } from './measurement.js';
import { runLoad, warmUp } from './run-load.js';

/** The model bounds this load: each worker adds 40 calls at once of 500 ms each, 80 items/s. */
const perWorker = { concurrency: 40, cells: 1_200 } as const;
const latencyMs = 500;

/** What more workers add where the model is the bound: items/s of two and four ÷ one worker's, of one run shared by all. */
export const workers: Measurement = {
  figures: { workers2: { unit: '× one worker' }, workers4: { unit: '× one worker' } },
  minutes: 5,
  measure: (context) =>
    withBenchStack({ latencyMs: 0, ...context }, async (stack) => {
      const one = await rateOf(stack, 1, context);
      const two = await rateOf(stack, 2, context);
      const four = await rateOf(stack, 4, context);
      return { workers2: { value: two / one }, workers4: { value: four / one } };
    }),
};

async function rateOf(stack: BenchStack, count: number, context: BenchContext): Promise<number> {
  const cells = perWorker.cells * count;
  const dataset = `workers-${count}`;
  const running = await stack.startWorkers({ count });
  await stack.model.setLatency(0);
  await warmUp(stack, { dataset, items: cells });
  await stack.model.setLatency(latencyMs);
  const rates = await repeat(context, async (run) => {
    const { cellsSeconds } = await runLoad(stack, {
      name: `${dataset}-${run}`,
      dataset,
      cells,
      concurrency: perWorker.concurrency * count,
    });
    return cells / cellsSeconds;
  });
  await running.stop();
  context.log(`${count} workers: ${median(rates).toFixed(0)} items/s`);
  return median(rates);
}
