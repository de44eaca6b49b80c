import { observeCells, settledRun, startSettling } from '../../src/core/regression/early-stop.js';
import type { EarlyStop } from '../../src/core/regression/stopped.js';
import { RunScoresBuilder } from '../../src/core/regression/run-scores.js';
import { compareRuns } from '../../src/core/regression/compare.js';
import { createCellOrder } from '../../src/core/experiment/order.js';
import type { BenchContext, Measurement } from '../engine/measurement.js';
import { even, itemsOf, quarters, rate, type Load } from './load.js';
import { eachRun, nullRuns } from './null-runs.js';
import { drawsOf } from './random.js';

interface EarlyLoad {
  readonly load: Load;
  /** Null, or the loss of head that is to be seen early. */
  readonly loss: number;
}

const worlds: readonly EarlyLoad[] = [
  {
    load: { name: 'rate 1000', clusters: even(1_000), repetitions: 1, scorers: { rate } },
    loss: 0,
  },
  {
    load: { name: 'quarters 150x4', clusters: even(150), repetitions: 4, scorers: { quarters } },
    loss: 0,
  },
];
const lossy: readonly EarlyLoad[] = worlds.map(({ load }) => ({
  load: { ...load, name: `${load.name} less 0.1` },
  loss: 0.1,
}));
/** Between looks, as an engine would look after each batch. */
const cellsPerLook = 25;
const lossyRuns = 200;

/**
 * How often an unchanged head is called worse where the run ends as soon as its verdict is settled, and by the comparison of all
 * cells where it never is; and what share of the cells is saved where head truly loses 0.1.
 */
export const falseEarlyStops: Measurement = {
  figures: {
    falseEarlyStop: { unit: 'of null runs', goal: { atMost: 0.06 } },
    earlyStopSaves: { unit: 'of the cells' },
  },
  minutes: 2,
  measure: async (context) => {
    const parts: Record<string, number> = {};
    for (const world of worlds) {
      const { regressions } = await play(world, nullRuns, context);
      parts[world.load.name] = regressions / nullRuns;
    }
    const saves: Record<string, number> = {};
    for (const world of lossy) {
      const { saved } = await play(world, lossyRuns, context);
      saves[world.load.name] = saved / lossyRuns;
    }
    return {
      falseEarlyStop: { value: Math.max(...Object.values(parts)), parts },
      earlyStopSaves: { value: Math.min(...Object.values(saves)), parts: saves },
    };
  },
};

async function play(
  world: EarlyLoad,
  runs: number,
  context: BenchContext,
): Promise<{ readonly regressions: number; readonly saved: number }> {
  let [regressions, early, saved] = [0, 0, 0];
  await eachRun(runs, context, (run) => {
    const { verdict, stop } = playOnce(world, run);
    if (verdict === 'regress') regressions += 1;
    if (stop === undefined) return;
    early += 1;
    saved += stop.saved / stop.planned;
  });
  context.log(`${world.load.name}: ${regressions} of ${runs} regress, ${early} ended early`);
  return { regressions, saved };
}

function playOnce(
  { load, loss }: EarlyLoad,
  run: number,
): { readonly verdict: string; readonly stop: EarlyStop | undefined } {
  const draws = drawsOf(load.name, run);
  const items = itemsOf(load, draws);
  const [name = '', scorer = rate] = Object.entries(load.scorers)[0] ?? [];
  const cells = items.flatMap((item) =>
    Array.from({ length: load.repetitions }, () => {
      const base = Number(scorer(item, 'base', draws));
      const broken = draws.uniform() < loss / 0.77;
      return { item, base, head: broken ? 0 : Number(scorer(item, 'head', draws)) };
    }),
  );
  const baseMeans = new Map<string, number>();
  for (const { item, base } of cells) {
    baseMeans.set(item.id, (baseMeans.get(item.id) ?? 0) + base / load.repetitions);
  }
  const order = createCellOrder({ seed: run, cells: cells.length });
  const inOrder = cells.map((_, i) => i).sort((a, b) => order(a) - order(b));
  const differences = inOrder.flatMap((i) => {
    const cell = cells[i];
    return cell === undefined ? [] : [cell.head - (baseMeans.get(cell.item.id) ?? 0)];
  });
  const stop = lookUntilSettled(differences, { name, load });
  if (stop !== undefined) return { verdict: stop.verdict, stop };
  const side = (of: 'base' | 'head') => {
    const builder = new RunScoresBuilder();
    for (const cell of cells) {
      const value = { type: 'NUMERIC', value: cell[of] } as const;
      builder.add({ itemId: cell.item.id, scores: [{ name, value }] });
    }
    return builder.build();
  };
  const { verdict } = compareRuns({
    base: side('base'),
    head: side('head'),
    evaluators: [{ name }],
    bootstrap: { resamples: 1_999 },
  });
  return { verdict, stop: undefined };
}

function lookUntilSettled(
  differences: readonly number[],
  { name, load }: { readonly name: string; readonly load: Load },
): EarlyStop | undefined {
  const cells = differences.length;
  let state = startSettling({
    name,
    cells,
    clusters: load.clusters.length,
    largestCluster: load.repetitions,
    range: 1,
    margin: 0.02,
  });
  for (let from = 0; from + cellsPerLook < cells; from += cellsPerLook) {
    state = observeCells(state, differences.slice(from, from + cellsPerLook));
    const stop = settledRun([state], false);
    if (stop !== undefined) return stop;
  }
  return undefined;
}
