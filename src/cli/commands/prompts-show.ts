import type { Command } from 'commander';

import { promptLines } from '../../core/prompts/diff.js';
import { ownersLabels } from '../../core/prompts/labels.js';
import { readBackend, withPlatformOption, withReadBackendOption } from '../backend-option.js';
import type { Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { renderTable } from '../io/table.js';
import { holdersText, listPrompts, type ListedPrompt } from '../prompts/list.js';
import { withPromptName, type NameOptions } from '../prompts/name-option.js';
import {
  readingOf,
  selectorOf,
  type BackendOptions,
  type PlatformOptions,
} from '../prompts/options.js';

/** `assay prompts list` */
export function registerPromptsList(group: Command, { handle }: Registration): void {
  const command = withReadBackendOption(
    group
      .command('list')
      .description('List the prompts of the platforms, and which version has which label'),
  ).addHelpText('after', '\nExample:\n  $ assay prompts list --json | jq -r ".prompts[].name"');
  handle(command, async (cli) => {
    const { platformNameSchema } = await import('../../contracts/backend.js');
    const backend = await readBackend(cli, command.opts<BackendOptions>().backend);
    const prompts = await cli.withClient(async (client) => {
      const found: ListedPrompt[] = [];
      for (const { platform: name } of client.prompts.libraries(backend)) {
        const platform = platformNameSchema.parse(name);
        // A platform with hundreds of prompts is asked as often.
        const signal = AbortSignal.timeout(300_000);
        found.push(...(await listPrompts(client, platform, { platform, signal })));
      }
      return found;
    });
    if (cli.json) await cli.out.line(jsonText({ prompts }));
    else if (prompts.length === 0) {
      await cli.err.line(`No prompts there: \`${cli.hint('prompts push')}\`.`);
    } else {
      const { safe } = cli.out;
      const both = new Set(prompts.map(({ platform }) => platform)).size > 1;
      await cli.out.line(
        renderTable(
          ['Prompt', ...(both ? ['Platform'] : []), 'Labels', 'Tags', 'Changed'].map((heading) => ({
            heading,
          })),
          prompts.map(({ name, platform, holders, tags, updatedAt }) => [
            safe(name),
            ...(both ? [platform] : []),
            safe(holdersText(holders)),
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
      const { namedPrompt, noSuchPrompt } = await import('../prompts/named-prompt.js');
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
