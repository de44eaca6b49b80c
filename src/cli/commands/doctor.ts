import type { Command } from 'commander';

import type { Registration } from '../cli.js';

/** `assay doctor` */
export function registerDoctor(program: Command, { handle }: Registration): void {
  const command = program
    .command('doctor')
    .description('Look at everything that Assay needs: what is there, which version, how full')
    .addHelpText(
      'after',
      `
Examples:
  $ assay doctor
  $ assay doctor --json | jq '.checks[] | select(.state != "ok")'

Executes assay.config.ts, and asks each of its models for its list of models. Each look takes 5 s at most.
Exit codes: 0 where all works, 5 where something fails.`,
    );
  handle(command, async (cli) => {
    const { runDoctor } = await import('./doctor/run-doctor.js');
    return runDoctor(cli);
  });
}
