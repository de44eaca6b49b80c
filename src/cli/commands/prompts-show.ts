import type { Command } from 'commander';

import { promptLines } from '../../core/prompts/diff.js';
import { ownersLabels } from '../../core/prompts/labels.js';
import { withPlatformOption } from '../backend-option.js';
import type { Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { renderTable } from '../io/table.js';
import {
  namedPrompt,
  noSuchPrompt,
  withPromptName,
  type NameOptions,
} from '../prompts/named-prompt.js';
import { readingOf, selectorOf, type PlatformOptions } from './prompts-options.js';

/** `assay prompts list` */
export function registerPromptsList(group: Command, { handle }: Registration): void {
  const command = withPlatformOption(
    group.command('list').description('List the prompts of a platform'),
  ).addHelpText('after', '\nExample:\n  $ assay prompts list --json | jq -r ".prompts[].name"');
  handle(command, async (cli) => {
    const reading = await readingOf(cli, command.opts<PlatformOptions>());
    const prompts = await cli.withClient((client) => client.prompts.list(reading));
    const shown = prompts.map((each) => ({ ...each, labels: ownersLabels(each.labels) }));
    if (cli.json) await cli.out.line(jsonText({ prompts: shown }));
    else if (shown.length === 0) await cli.err.line('No prompts there: `assay prompts push`.');
    else {
      const { safe } = cli.out;
      await cli.out.line(
        renderTable(
          [
            { heading: 'Prompt' },
            { heading: 'Labels' },
            { heading: 'Tags' },
            { heading: 'Changed' },
          ],
          shown.map(({ name, labels, tags, updatedAt }) => [
            safe(name),
            safe(labels.join(', ')),
            safe(tags.join(', ')),
            safe((updatedAt ?? '').slice(0, 19).replace('T', ' ')),
          ]),
        ),
      );
    }
  });
}

/** `assay prompts get` */
export function registerPromptsGet(group: Command, { handle }: Registration): void {
  const command = withPlatformOption(
    withPromptName(
      group.command('get').description('Show a version of a prompt as it stands on a platform'),
    ),
  )
    .option('--label <label>', 'the version with this label (default: latest)')
    .option('--version <version>', 'this version')
    .addHelpText('after', '\nExample:\n  $ assay prompts get triage --label production');
  handle(command, async (cli) => {
    const options = command.opts<
      PlatformOptions & NameOptions & { label?: string; version?: string }
    >();
    const which = selectorOf(options);
    const reading = await readingOf(cli, options);
    const found = await cli.withClient(async (client) => {
      const on = { cli, client };
      const name = await namedPrompt(on, command.args[0] ?? '', { ...options, reading });
      const version = await client.prompts.get(name, which, reading);
      if (version === undefined)
        throw await noSuchPrompt(on, { name, which }, { ...options, reading });
      return version;
    });
    if (cli.json) {
      await cli.out.line(jsonText(found));
      return;
    }
    const { safe, safeText, colours } = cli.out;
    const labels = ownersLabels(found.labels);
    const title = `${found.name} v${found.version}${labels.length === 0 ? '' : ` (${labels.join(', ')})`}`;
    await cli.err.line(colours.bold(safe(title)));
    await cli.out.line(safeText(promptLines(found).join('\n')));
  });
}
