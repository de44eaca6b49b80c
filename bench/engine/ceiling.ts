import { cpuPerCell, totalCpu, type CpuByName } from '../arithmetic/cpu.js';
import { median } from '../arithmetic/median.js';
import { withBenchStack } from '../stack/bench-stack.js';
import { repeat, type Measurement } from './measurement.js';
import { runLoad, warmUp } from './run-load.js';

/** Enough that starting and ending weigh little. */
const load = { cells: 10_000, concurrency: 100 } as const;

/**
 * 10,000 cells of a model that answers at once: how many published cells a second all processes on this machine manage
 * together, and what each process spends on one.
 */
export const ceiling: Measurement = {
  figures: {
    ceiling: { unit: 'cells/s', goal: { atLeast: 500 } },
    cpuMsPerCell: { unit: 'ms', goal: { atMost: 4 } },
  },
  minutes: 3,
  measure: (context) =>
    withBenchStack({ latencyMs: 0, ...context }, async (stack) => {
      await stack.startWorkers();
      await warmUp(stack, { dataset: 'ceiling', items: load.cells, warmCells: 2_000 });
      const runs = await repeat(context, async (run) => {
        const { publishedSeconds, cpu } = await runLoad(stack, {
          name: `ceiling-${run}`,
          dataset: 'ceiling',
          ...load,
        });
        const rate = load.cells / publishedSeconds;
        const byProcess = cpuPerCell(cpu, load.cells);
        context.log(`run ${run}: ${rate.toFixed(0)} cells/s, ${cpuText(byProcess)}`);
        return { rate, byProcess };
      });
      return {
        ceiling: { value: median(runs.map(({ rate }) => rate)) },
        cpuMsPerCell: {
          value: median(runs.map(({ byProcess }) => totalCpu(byProcess))),
          parts: medians(runs.map(({ byProcess }) => byProcess)),
        },
      };
    }),
};

const medians = (all: readonly CpuByName[]): CpuByName =>
  Object.fromEntries(
    Object.keys(all[0] ?? {}).map((name) => [name, median(all.map((each) => each[name] ?? 0))]),
  );

const cpuText = (byProcess: CpuByName): string =>
  `${totalCpu(byProcess).toFixed(2)} ms CPU a cell (${Object.entries(byProcess)
    .map(([name, ms]) => `${name} ${ms.toFixed(2)}`)
    .join(', ')})`;
