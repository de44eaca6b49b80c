import { parseArgs } from 'node:util';

import { writeModeSchema, type WriteMode } from '../../src/devstack/langfuse/mode.js';

/** What `npm run chaos` was asked for. */
export interface ChaosOptions {
  readonly seeds: readonly number[];
  readonly cells: number;
  readonly concurrency: number;
  readonly workers: number;
  /** What is struck: an experiment, or the push of its dataset. */
  readonly work: 'experiment' | 'push';
  readonly backend: 'langfuse' | 'both';
  /** The write mode of the Langfuse dev server; `legacy` is a Langfuse 3. */
  readonly langfuse: WriteMode;
  /** Few strikes and short outages, for CI. */
  readonly short: boolean;
  /** The last line in the shape of every benchmark. */
  readonly json: boolean;
  /** Leave the run's folder and database for a look. */
  readonly keep: boolean;
  /** How long a run may take before it counts as one that does not end by itself. */
  readonly deadlineMs: number;
}

export const helpText = `Usage: npm run chaos -- [options]

Runs an experiment on an embedded stack of its own while workers, Temporal, Postgres, the platform and the model are
killed, stopped, frozen and made to fail at seeded moments, then counts from outside what became of it. Prints one
JSON line per seed and one at the end; what happens meanwhile goes to stderr.

Options
  --seeds N         how many seeds, from --seed on (default 1)
  --seed S          the first seed (default 1)
  --cells N         cells of the run, or items of the push (default 2000; 200 with --short)
  --concurrency N   cells in flight (default 48; 24 with --short)
  --workers N       worker processes (default 2)
  --backend B       langfuse (default) or both: with LangSmith's test server behind a faulty relay of its own
  --langfuse MODE   events_only (default), dual or legacy (a Langfuse 3): the dev server's write mode
  --push            strikes \`datasets push\` of so many items instead of an experiment
  --short           one strike of each kind and short outages: a check for CI, no proof
  --deadline S      seconds after which a run counts as one that does not end (default 900)
  --keep            leave the run's folder (logs, schedule, database) for a look
  --json            the last line in the shape of all benchmarks
  --help            this text

Exit code: 0 where every promise held, 1 where one broke, 2 for a wrong option, 70 where the suite itself failed.

Examples
  npm run chaos                          one run with seed 1
  npm run chaos -- --seeds 20 --json     the proof: seeds 1 to 20
  npm run chaos -- --seed 7 --keep       seed 7 again, everything left for a look
  npm run chaos -- --short               about a minute
  npm run chaos -- --backend both        a run on two platforms, each of them away in turn
  npm run chaos -- --push --backend both --cells 3000
`;

/** A wrong option: what is shown to whoever typed it. */
export class ChaosUsageError extends Error {
  override readonly name = 'ChaosUsageError';
}

const wholeNumber = (name: string, text: string, least: number): number => {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= least) return value;
  throw new ChaosUsageError(`--${name} ${text}: must be a whole number from ${least} on.`);
};

const oneOf = <Name extends string>(option: string, text: string, names: readonly Name[]): Name => {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw new ChaosUsageError(`--${option} ${text}: must be one of ${names.join(', ')}.`);
};

const read = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string', default: '1' },
        seed: { type: 'string', default: '1' },
        cells: { type: 'string' },
        concurrency: { type: 'string' },
        workers: { type: 'string', default: '2' },
        backend: { type: 'string', default: 'langfuse' },
        langfuse: { type: 'string', default: 'events_only' },
        push: { type: 'boolean', default: false },
        deadline: { type: 'string', default: '900' },
        short: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new ChaosUsageError(error instanceof Error ? error.message : String(error));
  }
};

/** @throws ChaosUsageError */
export const parseOptions = (args: readonly string[]): ChaosOptions | 'help' => {
  const values = read(args);
  if (values.help) return 'help';
  const first = wholeNumber('seed', values.seed, 0);
  const count = wholeNumber('seeds', values.seeds, 1);
  return {
    seeds: Array.from({ length: count }, (_, index) => first + index),
    cells: wholeNumber('cells', values.cells ?? (values.short ? '200' : '2000'), 50),
    concurrency: wholeNumber('concurrency', values.concurrency ?? (values.short ? '24' : '48'), 2),
    workers: wholeNumber('workers', values.workers, 1),
    work: values.push ? 'push' : 'experiment',
    backend: oneOf('backend', values.backend, ['langfuse', 'both']),
    langfuse: oneOf('langfuse', values.langfuse, writeModeSchema.options),
    short: values.short,
    json: values.json,
    keep: values.keep,
    deadlineMs: wholeNumber('deadline', values.deadline, 10) * 1_000,
  };
};
