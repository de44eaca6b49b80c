import type { Command } from 'commander';

import type { Registration } from '../cli.js';
import { portNumber, positiveNumber, wholeNumber } from '../option-values.js';
import type { DevOptions } from './dev-run.js';

/** `assay dev` */
export function registerDev(program: Command, { handle }: Registration): void {
  const command = program
    .command('dev')
    .description(
      'Start everything on this machine: Temporal, Postgres, Langfuse, a model, a worker',
    )
    .option('--reset', 'empty the databases first: runs, traces, history and keys are lost')
    .option('--workers <n>', 'how many worker processes', positiveNumber, 1)
    .option('--no-worker', 'start no worker')
    .option('--model-latency <ms>', 'how long the demo model takes for an answer', wholeNumber)
    .option('--temporal-port <n>', 'instead of any free one; so below', portNumber)
    .option('--temporal-ui-port <n>', '', portNumber)
    .option('--postgres-port <n>', '', portNumber)
    .option('--langfuse-port <n>', '', portNumber)
    .option('--model-port <n>', '', portNumber)
    .addHelpText(
      'after',
      `
Examples:
  $ assay dev
  $ assay -C examples/support-triage dev --reset
  $ assay dev --model-latency 300 --workers 2

A service of your own is used instead where its variable is set: TEMPORAL_ADDRESS, DATABASE_URL, LANGFUSE_HOST with
its keys, OPENAI_BASE_URL or OPENAI_API_KEY. LangSmith is used beside Langfuse where LANGSMITH_API_KEY is set. Ctrl-C stops everything; the data stays in .assay/ (as root, that of
Postgres may lie in /var/tmp: it says where).`,
    );
  handle(command, async (cli) => {
    const { runDev } = await import('./dev-run.js');
    return runDev(cli, command.opts<DevOptions>());
  });
}
