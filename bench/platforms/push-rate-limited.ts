import { datasetFiles, project } from '../stack/project-files.js';
import { withBenchStack } from '../stack/bench-stack.js';
import type { Measurement } from '../engine/measurement.js';
import { startLimitingRelay } from './limiting-relay.js';

const items = 2_500;
const dataset = `limited-${items}`;
/** Of the plans Pro and Team; nobody tells it to the worker. */
const limit = { requests: 1_000, windowMs: 60_000 } as const;
/** Two windows are waited for; in the third the rest goes at once. */
const idealSeconds = ((Math.ceil(items / limit.requests) - 1) * limit.windowMs) / 1_000;

/**
 * 2,500 new items under the limit that Langfuse Cloud sets for datasets, counted before the server. Run once: it takes as long as
 * the limit says.
 */
export const pushRateLimited: Measurement = {
  figures: {
    pushRateLimitedWall: { unit: '× ideal', goal: { atMost: 1.1 } },
    pushRateLimited429: { unit: 'refusals', goal: { atMost: 50 } },
    pushRateLimitedRepeats: { unit: 'writes beyond one an item', goal: { atMost: 0 } },
  },
  minutes: 4,
  measure: (context) =>
    withBenchStack({ latencyMs: 0, ...context }, async (stack) => {
      await stack.addFiles(datasetFiles(dataset, items));
      const relay = await startLimitingRelay(stack.environment['LANGFUSE_HOST'] ?? '', limit);
      try {
        const workers = await stack.startWorkers({
          environment: { LANGFUSE_HOST: relay.url, LANGFUSE_BASE_URL: relay.url },
        });
        const started = performance.now();
        const { platforms } = await stack.client.datasets.push({ project, dataset });
        const seconds = (performance.now() - started) / 1_000;
        await workers.stop();
        const { passed, refused, writes } = relay.seen();
        const [pushed] = platforms;
        if (pushed?.phase !== 'done' || pushed.added !== items || writes.size !== items) {
          throw new Error(`${writes.size} items stand after ${JSON.stringify(platforms)}`);
        }
        const written = [...writes.values()].reduce((sum, count) => sum + count, 0);
        context.log(
          `${items} items: ${seconds.toFixed(1)} s, ideal ${idealSeconds} s, ${passed} requests, ${refused} refused`,
        );
        return {
          pushRateLimitedWall: { value: seconds / idealSeconds },
          pushRateLimited429: { value: refused },
          pushRateLimitedRepeats: { value: written - writes.size },
        };
      } finally {
        await relay.close();
      }
    }),
};
