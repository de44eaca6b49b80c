import { platformTitles } from '../../core/platforms/backend.js';
import { count } from '../../core/report/figures.js';
import { checkDataset } from '../../datasets/check-dataset.js';
import { readBackend } from '../backend-option.js';
import type { Cli } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { compareWith, requireLocal } from './diff.js';
import type { PushCommand } from './push-command.js';

/** Says what a push would write. All items are checked first, as a push does; it needs no worker. */
export async function dryRun(cli: Cli, dataset: string, options: PushCommand): Promise<number> {
  const local = await requireLocal(cli, dataset);
  const backend = await readBackend(cli, options.backend);
  const { archiveRemoved = false } = options;
  return cli.withClient(async (client) => {
    const meant = client.datasets.platforms(backend);
    const sizes = meant.flatMap(
      (platform) => client.datasets.comparison({ platform }).largestItem ?? [],
    );
    const { items } = await checkDataset(
      local,
      sizes.length === 0 ? {} : { largestItem: Math.min(...sizes) },
    );
    const platforms = [];
    for (const platform of meant) {
      const { difference } = await compareWith(client, local, { platform });
      const { added, changed, unchanged, removed } = difference;
      const archived = archiveRemoved ? removed : 0;
      platforms.push({ platform, added, changed, unchanged, removed, archived });
    }
    if (cli.json) {
      await cli.out.line(jsonText({ event: 'dry-run', dataset, items, platforms }));
      return 0;
    }
    for (const { platform, added, changed, unchanged, removed, archived } of platforms) {
      const kept = removed - archived;
      const gone = archived > 0 ? `, ${count(archived)} would be archived` : '';
      const only = kept > 0 ? `, ${count(kept)} only there would stay` : '';
      await cli.out.line(
        `${cli.out.safe(dataset)} on ${platformTitles[platform]}: would add ${count(added)}, change ${count(changed)}, leave ${count(unchanged)}${gone}${only}.`,
      );
    }
    await cli.err.line('Nothing was written.');
    return 0;
  });
}
