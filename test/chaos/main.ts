import { availableParallelism, totalmem } from 'node:os';

import { Interrupted } from './interrupt.js';
import { ChaosUsageError, helpText, parseOptions, type ChaosOptions } from './options.js';
import { pushSeed, type PushResult } from './push-seed.js';
import { runSeed, type SeedResult } from './run-seed.js';

const line = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

const sum = <Result>(results: readonly Result[], of: (result: Result) => number): number =>
  results.reduce((total, result) => total + of(result), 0);

const totals = (results: readonly SeedResult[]) => ({
  planned: sum(results, ({ planned }) => planned),
  ok: sum(results, ({ ok }) => ok),
  errors: sum(results, ({ errors }) => errors),
  lost: sum(results, ({ lost }) => lost),
  duplicateTraces: sum(results, ({ duplicateTraces }) => duplicateTraces),
  duplicateScores: sum(results, ({ duplicateScores }) => duplicateScores),
  ambiguousResends: sum(results, ({ ambiguousResends }) => ambiguousResends),
  repeatedPaidCalls: sum(results, ({ repeatedPaidCalls }) => repeatedPaidCalls),
  inFlightBound: sum(results, ({ inFlightBound }) => inFlightBound),
  seconds: Math.round(sum(results, ({ seconds }) => seconds) * 10) / 10,
});

const pushTotals = (results: readonly PushResult[]) => {
  const platforms = results.flatMap((result) => result.platforms);
  return {
    items: sum(results, ({ items }) => items),
    lost: sum(platforms, ({ lost }) => lost),
    duplicateItems: sum(platforms, ({ duplicates }) => duplicates),
    writtenAgain: sum(platforms, ({ writtenAgain }) => writtenAgain),
    writtenAgainBound: sum(platforms, ({ bound }) => bound),
    secondPushWrites: sum(platforms, ({ secondPushWrites }) => secondPushWrites),
    seconds: Math.round(sum(results, ({ seconds }) => seconds) * 10) / 10,
  };
};

interface Figures {
  readonly bench: string;
  readonly all: Readonly<Record<string, number>>;
  readonly atMost: Readonly<Record<string, number>>;
}

const runFigures = (results: readonly SeedResult[]): Figures => {
  const all = totals(results);
  const { inFlightBound: repeatedPaidCalls } = all;
  const atMost = { lost: 0, duplicateTraces: 0, duplicateScores: 0, repeatedPaidCalls };
  return { bench: 'chaos', all, atMost };
};

const pushFigures = (results: readonly PushResult[]): Figures => {
  const all = pushTotals(results);
  const { writtenAgainBound: writtenAgain } = all;
  return {
    bench: 'chaos-push',
    all,
    atMost: { lost: 0, duplicateItems: 0, secondPushWrites: 0, writtenAgain },
  };
};

/** What every benchmark ends with (docs/benchmarks.md). */
const asBenchmark = (
  { bench, all, atMost }: Figures,
  results: readonly { readonly seed: number; readonly broken: readonly string[] }[],
) => {
  const figures = Object.entries(all).map(([name, value]) => {
    const goal = atMost[name];
    const unit = name === 'seconds' ? 's' : 'count';
    return [name, { value, unit, ...(goal === undefined ? {} : { goal, met: value <= goal }) }];
  });
  return {
    bench,
    seed: results[0]?.seed,
    machine: {
      cores: availableParallelism(),
      memGiB: Math.round(totalmem() / 2 ** 30),
      node: process.versions.node,
    },
    runs: results.length,
    figures: Object.fromEntries(figures) as Readonly<Record<string, unknown>>,
    broken: results.flatMap(({ seed, broken }) => broken.map((text) => `seed ${seed}: ${text}`)),
  };
};

const runAll = async <Result extends { readonly seed: number; readonly broken: readonly string[] }>(
  options: ChaosOptions,
  work: {
    readonly run: (seed: number, options: ChaosOptions) => Promise<Result>;
    readonly figures: (results: readonly Result[]) => Figures;
  },
): Promise<number> => {
  const results: Result[] = [];
  for (const seed of options.seeds) {
    process.stderr.write(`seed ${seed}\n`);
    const result = await work.run(seed, options);
    results.push(result);
    line(result);
  }
  const figures = work.figures(results);
  line(options.json ? asBenchmark(figures, results) : { seeds: results.length, ...figures.all });
  return results.some(({ broken }) => broken.length > 0) ? 1 : 0;
};

/** The command. @returns its exit code */
export const main = async (args: readonly string[]): Promise<number> => {
  try {
    const options = parseOptions(args);
    if (options === 'help') {
      process.stdout.write(helpText);
      return 0;
    }
    return await (options.work === 'push'
      ? runAll(options, { run: pushSeed, figures: pushFigures })
      : runAll(options, { run: runSeed, figures: runFigures }));
  } catch (error) {
    if (error instanceof ChaosUsageError) {
      process.stderr.write(`${error.message}\nSee npm run chaos -- --help.\n`);
      return 2;
    }
    // What the seed still waits for must not keep the process, nor start a service anew.
    if (error instanceof Interrupted) process.exit(130);
    process.stderr.write(
      `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 70;
  }
};
