import type { AssayClient } from '../../client/assay-client.js';
import type { Backend, PlatformName } from '../../contracts/backend.js';
import { withSplits } from '../../core/dataset/splits.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { platformTitles } from '../../core/platforms/backend.js';
import { count } from '../../core/report/figures.js';
import {
  compareDataset,
  matchOf,
  type DatasetDifference,
  type ItemDifference,
  type ItemThere,
} from '../../datasets/compare-dataset.js';
import { createItemSpool, type ItemSpool } from '../../datasets/item-spool.js';
import { openLocalDataset } from '../../datasets/local-dataset.js';
import type { LocalDataset } from '../../datasets/port.js';
import { readBackend } from '../backend-option.js';
import type { Cli } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { driftExit } from '../drift.js';
import { valueLines, withValues, type ShownDifference } from './diff-values.js';
import { datasetsFolder } from './local-files.js';

export interface DiffCommand {
  readonly backend?: Backend;
  readonly version?: string;
  readonly full?: boolean;
}

/** Compares the files of a dataset with what platforms have; changes nothing. */
export async function diff(cli: Cli, name: string, options: DiffCommand): Promise<number> {
  const local = await requireLocal(cli, name);
  const backend = await readBackend(cli, options.backend);
  return cli.withClient(async (client) => {
    const differences: Told[] = [];
    for (const platform of client.datasets.platforms(backend)) {
      const asked = { ...options, platform, values: cli.json || options.full === true };
      const { difference, shown } = await compareWith(client, local, asked);
      differences.push({ platform, ...difference, examples: shown });
    }
    const drift = differences.some(isDrift);
    if (cli.json) await cli.out.line(jsonText({ dataset: name, drift, platforms: differences }));
    else for (const each of differences) await tell(cli, name, { ...each, full: options.full });
    return drift ? driftExit : 0;
  });
}

const isDrift = ({
  added,
  changed,
  removed,
  doubled,
}: Pick<DatasetDifference, 'added' | 'changed' | 'removed' | 'doubled'>): boolean =>
  added + changed + removed + doubled > 0;

/** @throws AssayError DATASET_NOT_FOUND */
export async function requireLocal(cli: Cli, name: string): Promise<LocalDataset> {
  const folder = await datasetsFolder(cli);
  const local = await openLocalDataset(folder, name);
  if (local !== undefined) return local;
  throw new AssayError('DATASET_NOT_FOUND', `There is no dataset ${folder}/${name}.`, {
    mend: 'Its items stand in test_cases.json, .jsonl or .csv. To take it from a platform: `assay datasets pull`.',
  });
}

type Told = Omit<DatasetDifference, 'examples'> & {
  readonly platform: PlatformName;
  readonly examples: readonly ShownDifference[];
};

/** One whole comparison; a dataset that the platform has not is an empty one. */
export async function compareWith(
  client: AssayClient,
  local: LocalDataset,
  {
    platform,
    version,
    values = false,
  }: {
    readonly platform: PlatformName;
    readonly version?: string;
    /** Whether the examples say what differs. */
    readonly values?: boolean;
  },
): Promise<{
  readonly difference: DatasetDifference;
  readonly shown: readonly ShownDifference[];
}> {
  const asked = {
    dataset: local.name,
    platform,
    ...(version === undefined ? {} : { version }),
  };
  const found = await client.datasets.get(asked).catch((error: unknown) => {
    if (AssayError.is(error) && error.code === 'DATASET_NOT_FOUND') return undefined;
    throw error;
  });
  const on = {
    comparison: client.datasets.comparison({ platform }),
    dataset: { id: found?.id ?? '', name: local.name },
  };
  const there = found === undefined ? none() : each(client, asked);
  if (!values) {
    const difference = await compareDataset(local, there, on);
    return { difference, shown: difference.examples };
  }
  const spool = await createItemSpool();
  const matches: string[] = [];
  try {
    const difference = await compareDataset(local, spooled(there, { ...on, spool, matches }), on);
    const of = { ...on, local, spool, matches };
    return { difference, shown: await withValues(difference.examples, of) };
  } finally {
    await spool.close();
  }
}

/** The same items, which are put aside as they go by. */
async function* spooled(
  items: AsyncIterable<ItemThere>,
  to: Parameters<typeof matchOf>[1] & { readonly spool: ItemSpool; readonly matches: string[] },
): AsyncGenerator<ItemThere, void, undefined> {
  for await (const each of items) {
    const { item, splits } = each;
    to.matches.push(matchOf(item, to));
    await to.spool.add({ ...item, metadata: withSplits(item.metadata, splits) });
    yield each;
  }
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* none(): AsyncGenerator<ItemThere, void, undefined> {
  yield* [];
}

async function* each(
  client: AssayClient,
  asked: Parameters<AssayClient['datasets']['items']>[0],
): AsyncGenerator<ItemThere, void, undefined> {
  for await (const page of client.datasets.items(asked)) yield* page;
}

async function tell(
  { out }: Cli,
  name: string,
  difference: Told & { readonly full: boolean | undefined },
): Promise<void> {
  const { added, changed, removed, unchanged, doubled, examples, platform } = difference;
  const title = platformTitles[platform];
  if (!isDrift(difference)) {
    await out.line(`${out.safe(name)} and ${title} agree: ${count(unchanged)} items.`);
    return;
  }
  await out.line(
    `${out.safe(name)} and ${title}: ${count(added)} added, ${count(changed)} changed, ${count(removed)} only there, ${count(unchanged)} unchanged${doubled > 0 ? `, ${count(doubled)} there once more` : ''}`,
  );
  for (const example of examples) {
    for (const line of differenceLines([example], out)) await out.line(line);
    if (difference.full === true) {
      for (const line of valueLines(example, out)) await out.line(line);
    }
  }
  const shown = examples.length;
  const all = added + changed + removed + doubled;
  if (all > shown) await out.line(`  … and ${count(all - shown)} more`);
  if (doubled > 0) {
    await out.line(
      `  = stands in ${title} twice under one id. Take out there the one that is not meant.`,
    );
  }
}

/** Items that differ, a line each. */
export function differenceLines(
  examples: readonly ItemDifference[],
  { safe, colours }: Pick<Cli['out'], 'safe' | 'colours'>,
): readonly string[] {
  return examples.map((each) => {
    const id = safe(each.id);
    switch (each.kind) {
      case 'added':
        return `  ${colours.green(`+ ${id}`)}`;
      case 'removed':
        return `  ${colours.red(`- ${id}`)}`;
      case 'changed':
        return `  ${colours.yellow(`~ ${id}`)}: ${each.fields.join(', ')}`;
      case 'doubled':
        return `  ${colours.yellow(`= ${id}`)}`;
    }
  });
}
