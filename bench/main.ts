import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';

import { listenForInterrupt } from '../src/devstack/index.js';
import { peerMeasurements } from './compare/suite.js';
import { engineMeasurements } from './engine/suite.js';
import { gateSeed } from './gate/random.js';
import { gateMeasurements } from './gate/suite.js';
import { platformMeasurements } from './platforms/suite.js';
import { updateTable } from './report/docs-table.js';
import type { BenchResult, Figure } from './report/figures.js';
import { figureNames, runSuite, select } from './suite.js';

const suites = {
  engine: engineMeasurements,
  gate: gateMeasurements,
  peers: peerMeasurements,
  platforms: platformMeasurements,
} as const;

interface Options {
  readonly json?: true;
  readonly runs: number;
  readonly only?: string;
  readonly profile?: string;
  readonly updateDocs?: true;
}

const wholeNumber = (text: string): number => {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 to 999.');
};

type Bench = keyof typeof suites;

/** What the command of a suite says of itself, beside what all of them have. */
interface SuiteCommand {
  readonly description: string;
  /** Default: how often each load is run. */
  readonly runs?: string;
  readonly help: string;
  readonly profiles?: true;
  /** Whether docs/benchmarks.md has a table of its figures that a command can fill. */
  readonly documented: boolean;
}

const commands: Readonly<Record<Bench, SuiteCommand>> = {
  engine: {
    description: 'what the experiment engine adds to the model, its ceiling, memory and recovery',
    profiles: true,
    documented: true,
    help: `
Examples:
  $ npm run bench -- engine --only efficiencyCells
  $ npm run bench -- engine --only ceiling --runs 1 --profile /tmp/profiles
  $ npm run bench -- engine --only cpuMsPerCell --runs 1 --json`,
  },
  gate: {
    description: 'how often the regression gate errs, what it finds, and what a comparison takes',
    runs: 'how often a comparison is timed; the value is the median',
    documented: true,
    help: `
Its null runs are always 2,000 of each kind, with a fixed seed.

Examples:
  $ npm run bench -- gate
  $ npm run bench -- gate --only falseRegressionHolm --json | tail -n 1`,
  },
  peers: {
    description: 'the same load on promptfoo, on @langfuse/client and on us, and after a kill -9',
    documented: false,
    help: `
The peers are installed into bench/peers the first time (1.6 GB, minutes). One figure takes as long as all of them.

Examples:
  $ npm run bench -- peers
  $ npm run bench -- peers --runs 1 --json | tail -n 1`,
  },
  platforms: {
    description: 'what keeping datasets and prompts in step costs in requests, memory and time',
    runs: 'how often what takes no minutes is run',
    documented: true,
    help: `
The dataset of 100,000 items is pushed once and once more, and the one under a rate limit once, whatever --runs says.

Examples:
  $ npm run bench -- platforms
  $ npm run bench -- platforms --only pushRssGrowth --json | tail -n 1`,
  },
};

function addSuite(
  program: Command,
  bench: Bench,
  action: (options: Options) => Promise<void>,
): void {
  const { description, help, profiles, documented } = commands[bench];
  const { runs = 'how often each load is run; figures are medians' } = commands[bench];
  const command = program
    .command(bench)
    .description(description)
    .option('--json', 'the last line of the output is one JSON object')
    .option('--runs <n>', runs, wholeNumber, 3)
    .option('--only <figure>', `one figure: ${figureNames(suites[bench]).join(', ')}`);
  if (profiles === true) {
    command.option('--profile <folder>', 'also write CPU profiles and counts of statements there');
  }
  if (documented) {
    command.option('--update-docs', 'put the figures into the table of docs/benchmarks.md');
  }
  command.addHelpText('after', help).action(action);
}

/** Runs a bench; resolves to the exit code: 0 where it ran, whether goals are met or not, 130 after Ctrl-C. */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('npm run bench --')
    .description('Benchmarks of Assay; each brings its own stack up and down')
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  $ npm run bench -- engine                          # all figures, three runs each
  $ npm run bench -- engine --only ceiling --runs 1
  $ npm run bench -- engine --json | tail -n 1       # one JSON object`,
    );
  for (const bench of Object.keys(commands) as Bench[]) {
    addSuite(program, bench, async (options) => {
      exitCode = await run(bench, options);
    });
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return exitCode;
}

const docs = new URL('../docs/benchmarks.md', import.meta.url);

async function run(bench: Bench, options: Options): Promise<number> {
  const measurements = suites[bench];
  const selection = select(measurements, options.only);
  if (selection.length === 0) {
    process.stderr.write(
      `There is no figure "${options.only ?? ''}". Known: ${figureNames(measurements).join(', ')}.\n`,
    );
    return 2;
  }
  const interrupt = listenForInterrupt();
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    const { figures, failures } = await runSuite(selection, {
      runs: options.runs,
      signal: interrupt.signal,
      profileFolder: options.profile,
      log: (line) => log(`  ${line}`),
      onFigure: (name, figure) => {
        if (options.json !== true) process.stdout.write(`${figureText(name, figure)}\n`);
      },
    });
    const result: BenchResult = {
      bench,
      ...(bench === 'gate' ? { seed: gateSeed } : {}),
      machine: machine(),
      runs: options.runs,
      figures,
    };
    if (options.updateDocs === true) {
      await writeFile(docs, updateTable(await readFile(docs, 'utf8'), result));
    }
    for (const failure of failures) log(`Failed: ${failure}`);
    if (options.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
    return failures.length === 0 ? 0 : 1;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    log('Interrupted; everything was taken down.');
    return 130;
  } finally {
    interrupt.dispose();
  }
}

function figureText(name: string, { value, unit, goal, met, parts }: Figure): string {
  const of = goal === undefined ? '' : ` (goal ${goal}: ${met === true ? 'met' : 'missed'})`;
  const made =
    parts === undefined
      ? ''
      : `: ${Object.entries(parts)
          .map(([part, of_]) => `${part} ${of_}`)
          .join(', ')}`;
  return `${name} ${value} ${unit}${of}${made}`;
}

const machine = (): BenchResult['machine'] => ({
  cores: cpus().length,
  memGiB: Math.round(totalmem() / 1024 ** 3),
  node: process.versions.node,
});
