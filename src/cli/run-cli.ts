import type { CliProcess } from './cli.js';
import { reportError } from './errors/render-error.js';
import { isAnswered, usageError } from './errors/usage-error.js';
import { createSink } from './io/sink.js';
import { ownCall, saidPlace } from './own-call.js';
import { createProgram, leaveVersionToCommand, type ProgramOutcome } from './program.js';

/**
 * Runs one command line to its end and prints what went wrong.
 *
 * @param args without the node and the script.
 * @returns the exit code, of the catalogue for errors.
 */
export async function runCli(from: CliProcess, args: readonly string[]): Promise<number> {
  const outcome: ProgramOutcome = { exitCode: 0 };
  try {
    const program = createProgram(from, outcome);
    leaveVersionToCommand(program, args);
    await program.parseAsync(args, { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    if (isAnswered(error)) return 0;
    const { environment } = from;
    const call = ownCall(environment, saidPlace(args));
    const settings = { colour: !flagged(args, '--no-color'), environment, call };
    return reportError(usageError(error), {
      out: createSink(from.stdout, settings),
      err: createSink(from.stderr, settings),
      // Read by hand, since the command line may be what is not understood.
      json: flagged(args, '--json'),
      debug: isSet(environment['ASSAY_DEBUG']),
    });
  }
}

function flagged(args: readonly string[], flag: string): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).includes(flag);
}

const isSet = (value: string | undefined): boolean =>
  value !== undefined && value !== '' && value !== '0';
