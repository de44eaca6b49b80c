import type { Command } from 'commander';

import type { PlatformName } from '../../contracts/backend.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { withPlatformOption } from '../backend-option.js';
import type { Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';

interface ShowOptions {
  readonly io?: boolean;
  readonly backend?: PlatformName;
}

/** `assay trace …` */
export function registerTrace(program: Command, { handle }: Registration): void {
  const group = program
    .command('trace')
    .description('Look at what was recorded of one request')
    .addHelpText('after', '\nExample:\n  $ assay trace show 0af7651916cd43dd8448eb211c80319c --io');
  const command = withPlatformOption(
    group
      .command('show')
      .description('Show a trace as a tree: calls, times, tokens, cost, scores with their reasons')
      .argument('<trace-id>', 'as `assay experiment results` prints it')
      .option('--io', 'with excerpts of inputs and outputs'),
    'whose trace (default: of the first platform that has it)',
  ).addHelpText(
    'after',
    `
Examples:
  $ assay trace show 0af7651916cd43dd8448eb211c80319c
  $ assay trace show 0af7651916cd43dd8448eb211c80319c --backend langsmith
  $ assay trace show 0af7651916cd43dd8448eb211c80319c --io
  $ assay trace show 0af7651916cd43dd8448eb211c80319c --json | jq .scores`,
  );
  handle(command, async (cli) => {
    const [id = ''] = command.args;
    if (id.trim() === '' || id.length > 200) {
      throw new AssayError('USAGE', 'A trace id is 1 to 200 characters.');
    }
    const { io = false, backend } = command.opts<ShowOptions>();
    const trace = await cli.withClient((client) =>
      client.traces.get(id, backend === undefined ? {} : { platform: backend }),
    );
    if (cli.json) {
      await cli.out.line(jsonText(trace));
      return;
    }
    const { traceText } = await import('../trace/trace-text.js');
    await cli.out.line(traceText(trace, cli.out, { io }));
  });
}
