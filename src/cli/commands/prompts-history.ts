import type { Command } from 'commander';

import type { Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { renderTable } from '../io/table.js';
import { wholeNumber } from '../option-values.js';

/** `assay prompts history` */
export function registerPromptsHistory(group: Command, { handle }: Registration): void {
  const command = group
    .command('history')
    .description('Show who moved which label of a prompt')
    .argument('<name>', 'as the platform calls it')
    .option('--limit <n>', 'so many at most', wholeNumber, 50)
    .addHelpText('after', '\nExample:\n  $ assay prompts history triage');
  handle(command, async (cli) => {
    const { limit } = command.opts<{ limit: number }>();
    const of = { project: await cli.project(), name: command.args[0] ?? '', limit };
    const moves = await cli.withClient((client) => client.prompts.history(of));
    if (cli.json) {
      await cli.out.line(jsonText({ moves }));
      return;
    }
    if (moves.length === 0) {
      await cli.err.line(`No label of ${cli.err.safe(of.name)} was moved with \`assay prompts\`.`);
      return;
    }
    const { safe } = cli.out;
    await cli.out.line(
      renderTable(
        ['When', 'What', 'Label', 'From', 'To', 'Platform', 'Who', 'Gate', 'Reason'].map(
          (heading) => ({ heading }),
        ),
        moves.map((move) => [
          move.askedAt.slice(0, 19).replace('T', ' '),
          move.doneAt === undefined ? `${move.kind} (not known to be done)` : move.kind,
          safe(move.label),
          move.from === undefined ? '' : `v${safe(move.from)}`,
          `v${safe(move.to)}`,
          safe(move.platform),
          safe(move.actor),
          safe(move.gate ?? ''),
          safe(move.reason ?? ''),
        ]),
      ),
    );
  });
}
