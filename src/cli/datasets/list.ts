import type { AssayClient } from '../../client/assay-client.js';
import type { Backend, PlatformName } from '../../contracts/backend.js';
import { platformTitles } from '../../core/platforms/backend.js';
import { count } from '../../core/report/figures.js';
import { localDatasetNames } from '../../datasets/local-dataset.js';
import type { Cli } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { renderTable } from '../io/table.js';
import { datasetsFolder } from './local-files.js';

interface Listed {
  readonly name: string;
  readonly local: boolean;
  /** How many items it has on each platform that has it; null where that was not counted. */
  readonly platforms: Partial<Record<PlatformName, { readonly items: number | null }>>;
}

/** Counting asks a request for each dataset of a platform that does not say it in its list. */
const mostCounted = 50;

/** Lists the datasets of the files and of the platforms. */
export async function list(cli: Cli, options: { readonly backend?: Backend }): Promise<void> {
  const local = await localDatasetNames(await datasetsFolder(cli));
  await cli.withClient(async (client) => {
    const platforms = client.datasets.platforms(options.backend);
    const found = new Map<string, Listed>(
      local.map((name) => [name, { name, local: true, platforms: {} }]),
    );
    for (const platform of platforms) {
      for (const { name, items } of await countedOf(client, platform)) {
        const known = found.get(name) ?? { name, local: false, platforms: {} };
        found.set(name, { ...known, platforms: { ...known.platforms, [platform]: { items } } });
      }
    }
    const datasets = [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    if (cli.json) await cli.out.line(jsonText({ datasets }));
    else if (datasets.length === 0) await cli.err.line('There are no datasets, here or there.');
    else await cli.out.line(table(cli, datasets, platforms));
  });
}

async function countedOf(
  client: AssayClient,
  platform: PlatformName,
): Promise<readonly { readonly name: string; readonly items: number | null }[]> {
  const found: { readonly name: string; readonly items: number | null }[] = [];
  for await (const page of client.datasets.list({ platform })) {
    for (const { name, items } of page) {
      const known =
        items ??
        (found.length < mostCounted
          ? await client.datasets.count({ dataset: name, platform })
          : undefined);
      found.push({ name, items: known ?? null });
    }
  }
  return found;
}

function table(
  { out }: Cli,
  datasets: readonly Listed[],
  platforms: readonly PlatformName[],
): string {
  return renderTable(
    [
      { heading: 'Dataset' },
      { heading: 'Files' },
      ...platforms.map((platform) => ({
        heading: platformTitles[platform],
        align: 'right' as const,
      })),
    ],
    datasets.map((each) => [
      out.safe(each.name),
      each.local ? 'yes' : '',
      ...platforms.map((platform) => {
        const there = each.platforms[platform];
        if (there === undefined) return '';
        return there.items === null ? 'yes' : count(there.items);
      }),
    ]),
  );
}
