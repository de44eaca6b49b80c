import { median } from '../arithmetic/median.js';
import { withBenchStack, type BenchStack } from '../stack/bench-stack.js';
import { project } from '../stack/project-files.js';
import { heldRanges, type Range } from './held-ranges.js';
import { repeat, type BenchContext, type Measurement } from './measurement.js';
import { startLoad, until, warmUp } from './run-load.js';

const load = { cells: 2_000, latencyMs: 500, concurrency: 100 } as const;

/**
 * Two workers share the run; one gets a signal. The seconds to the next cell of the batches that it held which another process
 * started and finished: cells that the stopped worker itself brings to their end say nothing about resuming.
 */
export const resume: Measurement = {
  figures: {
    resumeSigterm: { unit: 's', goal: { atMost: 2 } },
    resumeKill: { unit: 's', goal: { atMost: 13 } },
  },
  minutes: 4,
  measure: (context) =>
    withBenchStack({ latencyMs: 0, ...context }, async (stack) => {
      await stack.startWorkers({ count: 2 });
      await warmUp(stack, { dataset: 'resume', items: load.cells });
      await stack.model.setLatency(load.latencyMs);
      const secondsOf = (signal: NodeJS.Signals): Promise<readonly number[]> =>
        repeat(context, (run) => interruptOnce(stack, { signal, run, context }));
      const sigterm = await secondsOf('SIGTERM');
      const kill = await secondsOf('SIGKILL');
      return {
        resumeSigterm: { value: median(sigterm) },
        resumeKill: { value: median(kill) },
      };
    }),
};

async function interruptOnce(
  stack: BenchStack,
  on: { readonly signal: NodeJS.Signals; readonly run: number; readonly context: BenchContext },
): Promise<number> {
  const { signal, run, context } = on;
  const name = `resume-${signal.toLowerCase()}-${run}`;
  await until(() => Promise.resolve(stack.workerPids().length === 2));
  const id = await startLoad(stack, { name, dataset: 'resume', ...load });
  await until(async () => (await committed(stack, id)) >= load.cells / 10);
  const { pid, ranges } = await busiest(stack, name);
  const signalledAt = Date.now();
  process.kill(pid, signal);
  const at = await firstResumed(stack, { id, ranges, signalledAt, pid });
  const seconds = (at - signalledAt) / 1_000;
  context.log(
    `${signal} ${run}: ${ranges.length} batches held, resumed after ${seconds.toFixed(2)} s`,
  );
  const ended = await stack.client.experiments.wait({ project, name });
  if (ended.status !== 'completed') throw new Error(`"${name}" ended as ${ended.status}`);
  return seconds;
}

/** The worker that holds most batches, and which. */
async function busiest(
  stack: BenchStack,
  name: string,
): Promise<{ readonly pid: number; readonly ranges: readonly Range[] }> {
  const held = await heldRanges(stack.temporal, name);
  const [most] = stack
    .workerPids()
    .map((pid) => ({ pid, ranges: held.filter((each) => each.pid === pid) }))
    .sort((left, right) => right.ranges.length - left.ranges.length);
  if (most === undefined || most.ranges.length === 0) throw new Error('no worker held a batch');
  return most;
}

async function committed(stack: BenchStack, id: string): Promise<number> {
  const [row] = await stack.query<{ cells: number }>(
    `select count(*)::int as cells from assay.outbox where experiment_id = $1 and kind = 'spans'`,
    [id],
  );
  return row?.cells ?? 0;
}

/** When the first such cell was committed, in milliseconds. Its call was claimed after the signal, by another process. */
async function firstResumed(
  stack: BenchStack,
  on: {
    readonly id: string;
    readonly ranges: readonly Range[];
    readonly signalledAt: number;
    readonly pid: number;
  },
): Promise<number> {
  let at: number | undefined;
  const deadline = Date.now() + 120_000;
  await until(async () => {
    if (Date.now() > deadline) throw new Error('no batch was resumed within 120 s');
    const [row] = await stack.query<{ at: number | null }>(
      `select extract(epoch from min(b.created_at))::float8 * 1000 as at
         from unnest($2::int[], $3::int[]) as r (first, past)
         join assay.experiment_cells c
           on c.experiment_id = $1 and c.position >= r.first and c.position < r.past
         join assay.outbox b on b.cell_id = c.id
         join assay.call_journal j on j.cell_id = c.id
         join assay.journal_owners o on o.owner = j.owner
        where j.claimed_at > to_timestamp($4::float8 / 1000) and o.worker not like '%:' || $5`,
      [
        on.id,
        on.ranges.map(({ from }) => from),
        on.ranges.map(({ to }) => to),
        on.signalledAt,
        String(on.pid),
      ],
    );
    at = row?.at ?? undefined;
    return at !== undefined;
  }, 50);
  return at ?? Number.NaN;
}
