import type { Command } from 'commander';

import { latestLabel } from '../../core/prompts/labels.js';
import { withPlatformOption } from '../backend-option.js';
import type { Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { renderTable } from '../io/table.js';
import { wholeNumber } from '../option-values.js';
import { withPromptName, type NameOptions } from '../prompts/name-option.js';
import { readingOf, type PlatformOptions } from '../prompts/options.js';

/** `assay prompts history` */
export function registerPromptsHistory(group: Command, { handle }: Registration): void {
  const command = withPlatformOption(
    withPromptName(group.command('history').description('Show who moved which label of a prompt')),
    'where it is looked up whether there is such a prompt',
  )
    .option('--limit <n>', 'so many at most', wholeNumber, 50)
    .addHelpText('after', '\nExample:\n  $ assay prompts history triage');
  handle(command, async (cli) => {
    const options = command.opts<PlatformOptions & NameOptions & { limit: number }>();
    const { limit } = options;
    const project = await cli.project();
    const reading = await readingOf(cli, options);
    const { name, moves } = await cli.withClient(async (client) => {
      const on = { cli, client };
      const { isThere, namedPrompt, noSuchPrompt } = await import('../prompts/named-prompt.js');
      const named = await namedPrompt(on, command.args[0] ?? '', { ...options, reading });
      const found = await client.prompts.history({ project, name: named, limit });
      // A platform that does not answer keeps nobody from what is recorded here.
      if (found.length === 0 && (await isThere(client, named, reading)) === false) {
        const which = { label: latestLabel };
        throw await noSuchPrompt(on, { name: named, which }, { ...options, reading });
      }
      return { name: named, moves: found };
    });
    if (cli.json) {
      await cli.out.line(jsonText({ moves }));
      return;
    }
    if (moves.length === 0) {
      await cli.err.line(`No label of ${cli.err.safe(name)} was moved with \`assay prompts\`.`);
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
