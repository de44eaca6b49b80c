import { idealSeconds } from '../arithmetic/ideal.js';
import { median } from '../arithmetic/median.js';
import { withBenchStack } from '../stack/bench-stack.js';
import { repeat, type Measurement } from './measurement.js';
import { runLoad, warmUp } from './run-load.js';

const load = { cells: 2_000, latencyMs: 500, concurrency: 100 } as const;

/** 2,000 cells of 500 ms, 100 at once, one worker: what the engine adds to the model's own time. */
export const efficiency: Measurement = {
  figures: {
    efficiencyCells: { unit: '× ideal', goal: { atMost: 1.1 } },
    efficiencyPublished: { unit: '× ideal', goal: { atMost: 1.25 } },
  },
  minutes: 2,
  measure: (context) =>
    withBenchStack({ latencyMs: 0, ...context }, async (stack) => {
      await stack.startWorkers();
      await warmUp(stack, { dataset: 'efficiency', items: load.cells });
      await stack.model.setLatency(load.latencyMs);
      const ideal = idealSeconds(load);
      const ratios = await repeat(context, async (run) => {
        const { cellsSeconds, publishedSeconds } = await runLoad(stack, {
          name: `efficiency-${run}`,
          dataset: 'efficiency',
          ...load,
        });
        context.log(
          `run ${run}: cells ${cellsSeconds.toFixed(2)} s, published ${publishedSeconds.toFixed(2)} s, ideal ${ideal} s`,
        );
        return { cells: cellsSeconds / ideal, published: publishedSeconds / ideal };
      });
      return {
        efficiencyCells: { value: median(ratios.map(({ cells }) => cells)) },
        efficiencyPublished: { value: median(ratios.map(({ published }) => published)) },
      };
    }),
};
