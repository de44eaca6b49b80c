import { availableParallelism, totalmem } from 'node:os';

import { ChaosUsageError, helpText, parseOptions, type ChaosOptions } from './options.js';
import { runSeed, type SeedResult } from './run-seed.js';

const line = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

const sum = (results: readonly SeedResult[], of: (result: SeedResult) => number): number =>
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

/** The one object that every benchmark ends with (docs/benchmarks.md). */
const asBenchmark = (results: readonly SeedResult[], options: ChaosOptions) => {
  const all = totals(results);
  const atMost: Readonly<Partial<Record<keyof typeof all, number>>> = {
    lost: 0,
    duplicateTraces: 0,
    duplicateScores: 0,
    repeatedPaidCalls: all.inFlightBound,
  };
  const figures = Object.entries(all).map(([name, value]) => {
    const goal = atMost[name as keyof typeof all];
    const unit = name === 'seconds' ? 's' : 'count';
    return [name, { value, unit, ...(goal === undefined ? {} : { goal, met: value <= goal }) }];
  });
  return {
    bench: 'chaos',
    seed: options.seeds[0],
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

const runAll = async (options: ChaosOptions): Promise<number> => {
  const results: SeedResult[] = [];
  for (const seed of options.seeds) {
    process.stderr.write(`seed ${seed}\n`);
    const result = await runSeed(seed, options);
    results.push(result);
    line(result);
  }
  line(
    options.json ? asBenchmark(results, options) : { seeds: results.length, ...totals(results) },
  );
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
    return await runAll(options);
  } catch (error) {
    if (error instanceof ChaosUsageError) {
      process.stderr.write(`${error.message}\nSee npm run chaos -- --help.\n`);
      return 2;
    }
    process.stderr.write(
      `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 70;
  }
};
