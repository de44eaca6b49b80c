import { datasetFiles, project } from '../stack/project-files.js';
import { withBenchStack, type BenchStack } from '../stack/bench-stack.js';
import { peakRssMiB } from '../stack/processes.js';
import type { BenchContext, Measurement } from '../engine/measurement.js';

const few = 2_000;
const many = 100_000;
const itemsOfPage = 100;

/** Two pushes of one dataset by a worker that does nothing else, as the server and the kernel saw them. */
interface Pushed {
  readonly first: Counts;
  readonly second: Counts;
  /** The most memory of the worker over both. */
  readonly peakMiB: number;
}

/** Of the requests to the public API that one push made. */
interface Counts {
  readonly requests: number;
  readonly itemWrites: number;
  readonly seconds: number;
}

/**
 * A dataset of 100,000 items of about 1 kB in `test_cases.json` and `expected.json` is pushed twice, and one of 2,000 before it.
 * Requests are counted by the dev server. Run once.
 */
export const push: Measurement = {
  figures: {
    push100kRequests: { unit: '× (changed items + pages of 100)', goal: { atMost: 1.01 } },
    secondPushWrites: { unit: 'writes', goal: { atMost: 0 } },
    pushRssGrowth: { unit: '× of 2,000 items', goal: { atMost: 1.3 } },
  },
  minutes: 8,
  measure: (context) =>
    withBenchStack({ latencyMs: 0, ...context }, async (stack) => {
      const small = await pushTwice(stack, few, context);
      const large = await pushTwice(stack, many, context);
      // The platform has no page of it before the first push, and all of them before the second.
      const first = large.first.requests / many;
      const second = large.second.requests / (many / itemsOfPage);
      return {
        push100kRequests: { value: Math.max(first, second), parts: { first, second } },
        secondPushWrites: { value: large.second.itemWrites },
        pushRssGrowth: {
          value: large.peakMiB / small.peakMiB,
          parts: { [`${few} MiB`]: small.peakMiB, [`${many} MiB`]: large.peakMiB },
        },
      };
    }),
};

async function pushTwice(stack: BenchStack, items: number, context: BenchContext): Promise<Pushed> {
  const dataset = `push-${items}`;
  await stack.addFiles(datasetFiles(dataset, items));
  const workers = await stack.startWorkers();
  const first = await pushOnce(stack, { dataset, items, written: items });
  const second = await pushOnce(stack, { dataset, items, written: 0 });
  const peakMiB = workers.pids.reduce((most, pid) => Math.max(most, peakRssMiB(pid) ?? 0), 0);
  await workers.stop();
  context.log(
    `${items} items: ${first.seconds.toFixed(0)} s, again ${second.seconds.toFixed(0)} s, peak ${peakMiB.toFixed(0)} MiB`,
  );
  return { first, second, peakMiB };
}

async function pushOnce(
  stack: BenchStack,
  of: { readonly dataset: string; readonly items: number; readonly written: number },
): Promise<Counts> {
  const { dataset, items, written } = of;
  const before = await countsOf(stack);
  const started = performance.now();
  const { platforms } = await stack.client.datasets.push({ project, dataset });
  const seconds = (performance.now() - started) / 1_000;
  const [pushed] = platforms;
  if (pushed?.phase !== 'done' || pushed.position !== items || pushed.added !== written) {
    throw new Error(`The push of "${dataset}" came to ${JSON.stringify(platforms)}`);
  }
  const after = await countsOf(stack);
  return {
    seconds,
    requests: after.requests - before.requests,
    itemWrites: after.itemWrites - before.itemWrites,
  };
}

async function countsOf({ environment }: BenchStack): Promise<Omit<Counts, 'seconds'>> {
  const {
    LANGFUSE_HOST: host = '',
    LANGFUSE_PUBLIC_KEY: publicKey = '',
    LANGFUSE_SECRET_KEY: secretKey = '',
  } = environment;
  const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;
  const answer = await fetch(new URL('/dev/stats', host), { headers: { authorization } });
  const { requests } = (await answer.json()) as { requests: Readonly<Record<string, number>> };
  const api = Object.entries(requests).filter(([route]) => route.includes(' /api/public/'));
  const sum = (routes: readonly (readonly [string, number])[]): number =>
    routes.reduce((total, [, count]) => total + count, 0);
  return {
    requests: sum(api),
    itemWrites: sum(api.filter(([route]) => /^(?:POST|DELETE) .*\/dataset-items/.test(route))),
  };
}
