import type { Command } from 'commander';

import { AssayError } from '../../core/errors/assay-error.js';
import type { Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { traceText } from '../trace/trace-text.js';

interface ShowOptions {
  readonly io?: boolean;
}

/** `assay trace …` */
export function registerTrace(program: Command, { handle }: Registration): void {
  const group = program
    .command('trace')
    .description('Look at what was recorded of one request')
    .addHelpText('after', '\nExample:\n  $ assay trace show 0af7651916cd43dd8448eb211c80319c --io');
  const command = group
    .command('show')
    .description('Show a trace as a tree: calls, times, tokens, cost, scores with their reasons')
    .argument('<trace-id>', 'as `assay experiment results` prints it')
    .option('--io', 'with excerpts of inputs and outputs')
    .addHelpText(
      'after',
      `
Examples:
  $ assay trace show 0af7651916cd43dd8448eb211c80319c
  $ assay trace show 0af7651916cd43dd8448eb211c80319c --io
  $ assay trace show 0af7651916cd43dd8448eb211c80319c --json | jq .scores`,
    );
  handle(command, async (cli) => {
    const [id = ''] = command.args;
    if (id.trim() === '' || id.length > 200) {
      throw new AssayError('USAGE', 'A trace id is 1 to 200 characters.');
    }
    const trace = await cli.withClient((client) => client.traces.get(id));
    const { io = false } = command.opts<ShowOptions>();
    await cli.out.line(cli.json ? jsonText(trace) : traceText(trace, cli.out, { io }));
  });
}
