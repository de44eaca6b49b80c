import type { AssayClient } from '../../client/assay-client.js';
import type { DatasetSummary, PlatformItem, PushRecord } from '../../client/datasets.js';
import type { Backend, PlatformName } from '../../contracts/backend.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { platformTitles } from '../../core/platforms/backend.js';
import { count } from '../../core/report/figures.js';
import { checkDataset, type CheckedItems } from '../../datasets/check-dataset.js';
import { asInFile } from '../../datasets/item-schema.js';
import { openLocalDataset } from '../../datasets/local-dataset.js';
import type { LocalDataset } from '../../datasets/port.js';
import type { Cli } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { renderPairs } from '../io/table.js';
import { datasetsFolder } from './local-files.js';

export interface ShowCommand {
  readonly backend?: Backend;
  readonly version?: string;
  readonly items?: number;
}

const usualItems = 3;

type Local = Pick<CheckedItems, 'items' | 'expected' | 'splits'> & {
  readonly file: string;
  readonly format: LocalDataset['format'];
  readonly schema: string | undefined;
};

type There = DatasetSummary & {
  readonly platform: PlatformName;
  readonly url: string;
  readonly first: readonly PlatformItem[];
};

/** Shows a dataset as the files have it, and as the platforms do. */
export async function show(cli: Cli, name: string, options: ShowCommand): Promise<void> {
  const local = await openLocalDataset(await datasetsFolder(cli), name);
  const here = local === undefined ? undefined : await look(local);
  await cli.withClient(async (client) => {
    const there: There[] = [];
    for (const platform of client.datasets.platforms(options.backend)) {
      const found = await find(client, name, { ...options, platform });
      if (found !== undefined) there.push(found);
    }
    if (here === undefined && there.length === 0) {
      throw new AssayError('DATASET_NOT_FOUND', `There is no dataset ${JSON.stringify(name)}.`, {
        mend: 'See `assay datasets list`.',
      });
    }
    const pushes = await pushesOf(cli, client, name);
    if (cli.json)
      await cli.out.line(jsonText({ name, local: here ?? null, platforms: there, pushes }));
    else await tell(cli, { here, there, pushes });
  });
}

async function look(dataset: LocalDataset): Promise<Local> {
  const { items, expected, splits, schema } = await checkDataset(dataset);
  const { file, format } = dataset;
  return { file, format, items, expected, splits, schema: schema?.file };
}

async function find(
  client: AssayClient,
  dataset: string,
  of: { readonly platform: PlatformName } & ShowCommand,
): Promise<There | undefined> {
  const { platform, version, items: wanted = usualItems } = of;
  const asked = { dataset, platform, ...(version === undefined ? {} : { version }) };
  const found = await client.datasets.get(asked).catch((error: unknown) => {
    if (AssayError.is(error) && error.code === 'DATASET_NOT_FOUND') return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  const first: PlatformItem[] = [];
  if (wanted > 0) {
    for await (const page of client.datasets.items(asked)) {
      first.push(...page.slice(0, wanted - first.length));
      if (first.length >= wanted) break;
    }
  }
  return { ...found, first };
}

async function pushesOf(
  cli: Cli,
  client: AssayClient,
  dataset: string,
): Promise<readonly PushRecord[]> {
  const project = await cli.project().catch(() => undefined);
  if (project === undefined) return [];
  // Shown beside the rest: a database that is away hides nothing else.
  return client.datasets.pushes({ project, dataset, limit: 5 }).catch(() => []);
}

async function tell(
  { out }: Cli,
  of: {
    readonly here: Local | undefined;
    readonly there: readonly There[];
    readonly pushes: readonly PushRecord[];
  },
): Promise<void> {
  const { bold, dim } = out.colours;
  const { here, there, pushes } = of;
  if (here !== undefined) {
    const splits = Object.entries(here.splits).map(([split, n]) => `${split} ${count(n)}`);
    await out.line(bold('Files'));
    await out.line(
      renderPairs([
        ['  File', out.safe(here.file)],
        ['  Items', `${count(here.items)}, ${count(here.expected)} with an expectation`],
        ...(splits.length === 0 ? [] : [['  Splits', out.safe(splits.join(', '))] as const]),
        ['  Schema', here.schema === undefined ? 'none' : out.safe(here.schema)],
      ]),
    );
  }
  for (const each of there) {
    const last = pushes.find(({ platform }) => platform === each.platform);
    await out.line(bold(platformTitles[each.platform]));
    await out.line(
      renderPairs([
        ...(each.description === undefined
          ? []
          : [['  Description', out.safe(each.description)] as const]),
        ['  Items', each.items === undefined ? 'not counted' : count(each.items)],
        ['  Pushed', last === undefined ? 'never from here' : pushedText(last, out.safe)],
        ['  URL', out.safe(each.url)],
      ]),
    );
    for (const { item } of each.first) {
      await out.line(`  ${dim(cut(out.safe(JSON.stringify(asInFile(item)))))}`);
    }
  }
}

const pushedText = (
  { lastChange, startedAt, items }: PushRecord,
  safe: (text: string) => string,
): string =>
  `${startedAt.slice(0, 19).replace('T', ' ')}, ${count(items)} items, version ${safe(lastChange ?? startedAt)}`;

const cut = (text: string): string => (text.length > 160 ? `${text.slice(0, 159)}…` : text);
