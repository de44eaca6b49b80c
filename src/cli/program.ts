import { Command } from 'commander';
import { readFileSync } from 'node:fs';

import {
  createCli,
  type CliProcess,
  type CommandWork,
  type GlobalOptions,
  type Registration,
} from './cli.js';
import { registerBaseline } from './commands/baseline.js';
import { registerConfig } from './commands/config.js';
import { registerPrices } from './commands/config-prices.js';
import { registerDatasets } from './commands/datasets.js';
import { registerDb } from './commands/db.js';
import { registerDev } from './commands/dev.js';
import { registerDoctor } from './commands/doctor.js';
import { registerExperiment } from './commands/experiment.js';
import { registerGate } from './commands/gate.js';
import { registerJudge } from './commands/judge.js';
import { registerMigrate } from './commands/migrate.js';
import { registerPrompts } from './commands/prompts.js';
import { registerPrune } from './commands/prune.js';
import { registerSchedule } from './commands/schedule.js';
import { registerTrace } from './commands/trace.js';
import { registerWorker } from './commands/worker.js';

/** The version of this installation; the file lies above both src/ and dist/. */
export function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** What a command came to. */
export interface ProgramOutcome {
  exitCode: number;
}

/**
 * `assay --version` is ours; where a command has an option of that name, what stands after the command is the command's. The
 * parser would give it to the program wherever it stands.
 */
export function leaveVersionToCommand(program: Command, args: readonly string[]): void {
  const at = args.findIndex((arg) => /^--version(?:=|$)/.test(arg));
  let command: Command = program;
  for (const word of args.slice(0, Math.max(at, 0))) {
    command = command.commands.find((each) => each.name() === word) ?? command;
  }
  if (command === program || !command.options.some(({ long }) => long === '--version')) return;
  const own = program.options.find(({ long }) => long === '--version');
  if (own !== undefined) own.long = '--assay-version';
}

/** The command line of Assay. Never ends the process: complaints are thrown, exit codes go to the outcome. */
export function createProgram(from: CliProcess, outcome: ProgramOutcome): Command {
  const program = new Command('assay')
    .description('Durable experiments with honest statistics for LLM applications')
    .option('-C, --project-dir <dir>', 'the folder of the project (default: the current one)')
    .option('--project <id>', 'the project (default: ASSAY_PROJECT, else the one of the folder)')
    .option('--json', 'for machines: one JSON document, or one a line for what streams')
    .option('--no-color', 'no colours (NO_COLOR works as well)')
    .version(ownVersion(), '-V, --version', 'print the version')
    .configureHelp({ showGlobalOptions: true })
    // Complaints are printed by us, in one place and form.
    .configureOutput({
      writeOut: (text) => void from.stdout.write(text),
      writeErr: (text) => void from.stderr.write(text),
      outputError: () => undefined,
    })
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  $ assay dev                       # Temporal, Postgres, Langfuse and a demo model, on this machine
  $ assay experiment run --dataset support-tickets --target triage-v1
  $ assay experiment list
  $ assay doctor`,
    );
  const handle = (command: Command, work: CommandWork): void => {
    command.action(async () => {
      const cli = createCli(from, command.optsWithGlobals<GlobalOptions>());
      outcome.exitCode = (await work(cli, command)) ?? 0;
    });
  };
  const registration: Registration = { handle };
  registerExperiment(program, registration);
  registerDatasets(program, registration);
  registerPrompts(program, registration);
  registerBaseline(program, registration);
  registerGate(program, registration);
  registerSchedule(program, registration);
  registerJudge(program, registration);
  registerTrace(program, registration);
  registerDev(program, registration);
  registerWorker(program, registration);
  registerDoctor(program, registration);
  registerConfig(program, registration);
  registerPrices(program, registration);
  registerDb(program, registration);
  registerMigrate(program, registration);
  registerPrune(program, registration);
  return program;
}
