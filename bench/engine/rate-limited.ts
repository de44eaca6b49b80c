import { rateLimitSeconds } from '../arithmetic/ideal.js';
import { median } from '../arithmetic/median.js';
import { withBenchStack } from '../stack/bench-stack.js';
import { repeat, type Measurement } from './measurement.js';
import { runLoad, warmUp } from './run-load.js';

const load = { cells: 1_000, concurrency: 100 } as const;
const limits = { requestsPerMinute: 3_000, burst: 50, told: false } as const;
/** As with the peers. */
const latencyMs = 200;

/**
 * 1,000 cells under a limit of 3,000 requests a minute that nobody tells the governor, headers neither. Every run has a fresh stack, or the
 * governor would know the limit from the run before.
 */
export const rateLimited: Measurement = {
  figures: {
    rateLimitedWall: { unit: '× ideal', goal: { atMost: 1.1 } },
    rateLimited429: { unit: 'refusals', goal: { atMost: 50 } },
  },
  minutes: 4,
  measure: async (context) => {
    const ideal = rateLimitSeconds({
      requests: load.cells,
      perMinute: limits.requestsPerMinute,
      burst: limits.burst,
    });
    const runs = await repeat(context, (run) =>
      withBenchStack({ latencyMs: 0, ...context }, async (stack) => {
        await stack.startWorkers();
        await warmUp(stack, { dataset: 'limited', items: load.cells });
        await stack.model.setLatency(latencyMs);
        await stack.model.setLimits(limits);
        const name = `limited-${run}`;
        const { cellsSeconds, failed } = await runLoad(stack, {
          name,
          dataset: 'limited',
          ...load,
        });
        const { refused429 } = await stack.model.summary();
        context.log(
          `run ${run}: cells ${cellsSeconds.toFixed(2)} s, ideal ${ideal} s, ${refused429} refusals, ${failed} failed`,
        );
        if (failed > 0) throw new Error(`${failed} cells failed under the rate limit`);
        return { wall: cellsSeconds / ideal, refused: refused429 };
      }),
    );
    return {
      rateLimitedWall: { value: median(runs.map(({ wall }) => wall)) },
      rateLimited429: { value: median(runs.map(({ refused }) => refused)) },
    };
  },
};
