import { idealSeconds, scheduleSeconds } from '../arithmetic/ideal.js';
import { median } from '../arithmetic/median.js';
import { withBenchStack } from '../stack/bench-stack.js';
import { repeat, type Measurement } from './measurement.js';
import { runLoad, warmUp } from './run-load.js';

const load = { cells: 20_000, concurrency: 100 } as const;
const latency = { ms: 50, tailShare: 0.01, tailMs: 5_000 } as const;

/**
 * 20,000 cells of 50 ms with 1 % of 5 s: a batch that holds a slow cell must not hold up slots. Its ideal is that of an
 * executor that costs nothing and starts the cells in the same order: see {@link scheduleSeconds}.
 */
export const tail: Measurement = {
  figures: { efficiencyTail: { unit: '× ideal', goal: { atMost: 1.15 } } },
  minutes: 3,
  measure: (context) =>
    withBenchStack({ latencyMs: 0, ...context }, async (stack) => {
      await stack.startWorkers();
      await warmUp(stack, { dataset: 'tail', items: load.cells });
      await stack.model.setLatency(latency);
      const ratios = await repeat(context, async (run) => {
        await stack.model.clearCalls();
        const name = `tail-${run}`;
        const { cellsSeconds } = await runLoad(stack, { name, dataset: 'tail', ...load });
        const calls = (await stack.model.calls()).filter(({ paid }) => paid);
        const latencies = calls.map(({ latencyMs }) => latencyMs);
        const ideal = scheduleSeconds(latencies, load.concurrency);
        const mean = latencies.reduce((sum, each) => sum + each, 0) / latencies.length;
        const flat = idealSeconds({ ...load, latencyMs: mean });
        context.log(
          `run ${run}: cells ${cellsSeconds.toFixed(2)} s, ideal ${ideal.toFixed(2)} s ` +
            `(N × mean ÷ C, which no order of starts reaches: ${flat.toFixed(2)} s)`,
        );
        return cellsSeconds / ideal;
      });
      return { efficiencyTail: { value: median(ratios) } };
    }),
};
