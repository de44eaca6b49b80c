import type { CpuByName } from '../arithmetic/cpu.js';
import type { BenchStack } from '../stack/bench-stack.js';
import { datasetFiles, project, target } from '../stack/project-files.js';

/** One run of a load, as its clocks saw it. */
export interface LoadRun {
  readonly cells: number;
  readonly concurrency: number;
  /** From `start()` returning to the last committed cell. */
  readonly cellsSeconds: number;
  /** From `start()` returning to the last 2xx of the platform, scores of the run as a whole included. */
  readonly publishedSeconds: number;
  /** Of all processes from `start()` returning to the last 2xx. */
  readonly cpu: { readonly before: CpuByName; readonly after: CpuByName };
  readonly failed: number;
}

export interface Load {
  readonly name: string;
  readonly dataset: string;
  /** Cells: items × repetitions. */
  readonly cells: number;
  readonly repetitions?: number;
  readonly concurrency: number;
}

/** How often the harness asks whether all is published; cheap, by an index. */
const askEveryMs = 100;

/**
 * Writes a dataset, brings its items to the platform and warms all processes up with a run of it that is cancelled once
 * a few hundred of its cells were published: "a warm stack". The calls of the warm-up are fast, and forgotten.
 */
export async function warmUp(
  stack: BenchStack,
  load: { readonly dataset: string; readonly items: number; readonly warmCells?: number },
): Promise<void> {
  await stack.addFiles(datasetFiles(load.dataset, load.items));
  const name = `warm-up-${load.dataset}`;
  await stack.client.experiments.start(specOf({ ...load, name, concurrency: 50 }));
  const enough = Math.min(load.items, load.warmCells ?? 1_000);
  await until(async () => (await sentTraces(stack, name)) >= enough);
  await stack.client.experiments.cancel({ project, name }).catch(() => undefined);
  await stack.client.experiments.wait({ project, name });
  await stack.model.clearCalls();
}

/** Starts a load; resolves to the id of its run. */
export async function startLoad(stack: BenchStack, load: Load): Promise<string> {
  return (await stack.client.experiments.start(specOf(load))).id;
}

/**
 * Runs a load to its end.
 *
 * @throws Error where it does not end as completed: its figures would say nothing.
 */
export function runLoad(stack: BenchStack, load: Load): Promise<LoadRun> {
  return stack.profiled(load.name, () => runOnce(stack, load));
}

async function runOnce(stack: BenchStack, load: Load): Promise<LoadRun> {
  const { experiments } = stack.client;
  const id = await startLoad(stack, load);
  const startedAt = Date.now();
  const before = stack.cpu();
  await until(async () => {
    const [row] = await stack.query<{ done: boolean }>(
      `select cells_done_at is not null and not exists (
                select from assay.outbox
                 where platform = 'langfuse' and partition = $1
                   and sent_at is null and refused is null) as done
         from assay.experiments where id = $1`,
      [id],
    );
    return row?.done === true;
  });
  const after = stack.cpu();
  const ended = await experiments.wait({ project, name: load.name });
  if (ended.status !== 'completed') {
    throw new Error(`The run "${load.name}" ended as ${ended.status}: ${JSON.stringify(ended)}`);
  }
  const moments = await lastMoments(stack, id);
  const { counts } = ended;
  return {
    cells: counts.planned,
    concurrency: load.concurrency,
    cellsSeconds: (moments.committed - startedAt) / 1_000,
    publishedSeconds: (moments.published - startedAt) / 1_000,
    cpu: { before, after },
    failed: counts.target_error + counts.evaluator_error + counts.skipped,
  };
}

/**
 * When the last cell was committed and the last export was marked, in milliseconds by the machine's one clock. An outbox row
 * is written in the transaction of its cell, and marked right after the platform's 2xx.
 */
async function lastMoments(
  stack: BenchStack,
  id: string,
): Promise<{ readonly committed: number; readonly published: number }> {
  const [row] = await stack.query<{ committed: number; published: number }>(
    `select extract(epoch from max(created_at) filter (where cell_id is not null))::float8 * 1000
              as committed,
            extract(epoch from max(sent_at))::float8 * 1000 as published
       from assay.outbox where experiment_id = $1`,
    [id],
  );
  if (row === undefined) throw new Error(`Nothing was published of ${id}`);
  return row;
}

const specOf = (load: Omit<Load, 'cells'>) => ({
  project,
  name: load.name,
  dataset: { name: load.dataset },
  target,
  concurrency: load.concurrency,
  ...(load.repetitions === undefined ? {} : { repetitions: load.repetitions }),
  // A provider's faults are not what these loads are about.
  timeouts: { verifyMs: 600_000 },
});

async function sentTraces(stack: BenchStack, name: string): Promise<number> {
  const [row] = await stack.query<{ sent: number }>(
    `select count(*)::int as sent from assay.outbox
      where experiment_id = $1 and kind = 'spans' and sent_at is not null`,
    [`${project}/${name}`],
  );
  return row?.sent ?? 0;
}

/** Asks until it holds. Ctrl-C takes the stack down, and the next question fails. */
export async function until(holds: () => Promise<boolean>, everyMs = askEveryMs): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, everyMs));
}
