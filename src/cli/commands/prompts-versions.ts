import type { Command } from 'commander';

import { promptContentHash } from '../../core/prompts/content.js';
import { latestLabel, ownersLabels } from '../../core/prompts/labels.js';
import { withPlatformOption } from '../backend-option.js';
import type { Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { renderTable } from '../io/table.js';
import { wholeNumber } from '../option-values.js';
import { withPromptName, type NameOptions } from '../prompts/name-option.js';
import { readingOf, type PlatformOptions } from '../prompts/options.js';

/** `assay prompts versions` */
export function registerPromptsVersions(group: Command, { handle }: Registration): void {
  const command = withPlatformOption(
    withPromptName(
      group.command('versions').description('List the versions of a prompt, newest first'),
    ),
  )
    .option('--limit <n>', 'so many at most', wholeNumber, 50)
    .addHelpText('after', '\nExample:\n  $ assay prompts versions triage');
  handle(command, async (cli) => {
    const options = command.opts<PlatformOptions & NameOptions & { limit: number }>();
    const reading = await readingOf(cli, options);
    const { name, versions } = await cli.withClient(async (client) => {
      const on = { cli, client };
      const { namedPrompt, noSuchPrompt } = await import('../prompts/named-prompt.js');
      const named = await namedPrompt(on, command.args[0] ?? '', { ...options, reading });
      const found = await client.prompts.versions(named, { ...reading, limit: options.limit });
      if (found.length > 0) return { name: named, versions: found };
      const which = { label: latestLabel };
      throw await noSuchPrompt(on, { name: named, which }, { ...options, reading });
    });
    const rows = versions.map(({ version, labels, tags, createdAt, message, body, config }) => ({
      version,
      labels: ownersLabels(labels),
      tags,
      contentHash: promptContentHash({ body, config }),
      ...(createdAt === undefined ? {} : { createdAt }),
      ...(message === undefined ? {} : { message }),
    }));
    if (cli.json) {
      await cli.out.line(jsonText({ name, versions: rows }));
      return;
    }
    const { safe } = cli.out;
    await cli.out.line(
      renderTable(
        ['Version', 'Labels', 'Made', 'Content', 'Message'].map((heading) => ({ heading })),
        rows.map(({ version, labels, createdAt = '', contentHash, message = '' }) => [
          safe(`v${version}`),
          safe(labels.join(' ')),
          safe(createdAt.slice(0, 19).replace('T', ' ')),
          contentHash.slice(0, 12),
          safe(message),
        ]),
      ),
    );
  });
}
