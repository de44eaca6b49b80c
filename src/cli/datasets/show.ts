import type { AssayClient } from '../../client/assay-client.js';
import type { DatasetSummary, PlatformItem, PushRecord } from '../../client/datasets.js';
import type { Backend, PlatformName } from '../../contracts/backend.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { platformNames, platformTitles } from '../../core/platforms/backend.js';
import { count } from '../../core/report/figures.js';
import { checkDataset, type CheckedItems } from '../../datasets/check-dataset.js';
import { asInFile } from '../../datasets/item-schema.js';
import { openLocalDataset } from '../../datasets/local-dataset.js';
import type { LocalDataset } from '../../datasets/port.js';
import { readBackend } from '../backend-option.js';
import type { Cli } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { renderPairs } from '../io/table.js';
import { datasetsFolder } from './local-files.js';

export interface ShowCommand {
  readonly backend?: Backend;
  readonly version?: string;
  readonly items?: number;
  readonly pushes?: number;
}

const usualItems = 3;
const usualPushes = 5;

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
  const backend = await readBackend(cli, options.backend);
  await cli.withClient(async (client) => {
    const there: There[] = [];
    for (const platform of client.datasets.platforms(backend)) {
      const found = await find(client, name, { ...options, platform });
      if (found !== undefined) there.push(found);
    }
    if (here === undefined && there.length === 0) {
      throw new AssayError('DATASET_NOT_FOUND', `There is no dataset ${JSON.stringify(name)}.`, {
        mend: 'See `assay datasets list`.',
      });
    }
    const pushes = await pushesOf(cli, client, { dataset: name, most: options.pushes });
    if (cli.json) await cli.out.line(jsonText(documentOf(name, { here, there, pushes })));
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
  { dataset, most = usualPushes }: { readonly dataset: string; readonly most: number | undefined },
): Promise<readonly PushRecord[]> {
  if (most === 0) return [];
  const project = await cli.project().catch(() => undefined);
  if (project === undefined) return [];
  // Shown beside the rest: a database that is away hides nothing else.
  const limit = most * platformNames('both').length;
  const found = await client.datasets.pushes({ project, dataset, limit }).catch(() => []);
  const told = new Map<string, number>();
  return found.filter(({ platform }) => {
    const n = (told.get(platform) ?? 0) + 1;
    told.set(platform, n);
    return n <= most;
  });
}

/** For machines: items as files have them, and of pushes the version that other commands take. */
function documentOf(
  name: string,
  of: {
    readonly here: Local | undefined;
    readonly there: readonly There[];
    readonly pushes: readonly PushRecord[];
  },
): unknown {
  return {
    name,
    local: of.here ?? null,
    platforms: of.there.map((each) => ({
      ...each,
      first: each.first.map((item) => ({ ...item, item: asInFile(item.item) })),
    })),
    pushes: of.pushes.map((push) => ({
      platform: push.platform,
      version: versionOf(push),
      startedAt: push.startedAt,
      finishedAt: push.finishedAt ?? null,
      items: push.items,
      added: push.added,
      changed: push.changed,
      unchanged: push.unchanged,
      archived: push.archived,
      stamp: push.stamp,
    })),
  };
}

const versionOf = ({ lastChange, startedAt }: PushRecord): string => lastChange ?? startedAt;

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
    const own = pushes.filter(({ platform }) => platform === each.platform);
    await out.line(bold(platformTitles[each.platform]));
    await out.line(
      renderPairs([
        ...(each.description === undefined
          ? []
          : [['  Description', out.safe(each.description)] as const]),
        ['  Items', each.items === undefined ? 'not counted' : count(each.items)],
        ...(own.length === 0 ? [['  Pushed', 'never from here'] as const] : []),
        ...own.map(
          (push, index) => [index === 0 ? '  Pushed' : '', pushedText(push, out.safe)] as const,
        ),
        ['  URL', out.safe(each.url)],
      ]),
    );
    if (own.length > 0) await out.line(dim('  These versions can be given to --version.'));
    for (const { item } of each.first) {
      await out.line(`  ${dim(cut(out.safe(JSON.stringify(asInFile(item)))))}`);
    }
  }
}

const pushedText = (push: PushRecord, safe: (text: string) => string): string => {
  const { startedAt, items, added, changed, archived } = push;
  const done = `${count(added)} added, ${count(changed)} changed${archived > 0 ? `, ${count(archived)} archived` : ''}`;
  return `${startedAt.slice(0, 19).replace('T', ' ')}, ${count(items)} items (${done}), version ${safe(versionOf(push))}`;
};

const cut = (text: string): string => (text.length > 160 ? `${text.slice(0, 159)}…` : text);
