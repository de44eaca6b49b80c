import type { ItemField } from '../../core/dataset/item-fields.js';
import type { Json, JsonObject } from '../../core/json/json.js';
import { changedValues } from '../../core/json/changed-values.js';
import {
  matchOf,
  type ItemComparison,
  type ItemDifference,
} from '../../datasets/compare-dataset.js';
import { asInFile } from '../../datasets/item-schema.js';
import type { ItemSpool } from '../../datasets/item-spool.js';
import type { LocalDataset } from '../../datasets/port.js';
import { createProblemList } from '../../datasets/problem-list.js';
import type { Cli } from '../cli.js';

/** A value that differs; a side that has none lacks it. */
export interface ValueDifference {
  /** As `inputs.customer.age`. */
  readonly at: string;
  /** On the platform. */
  readonly there?: Json;
  /** In the files. */
  readonly here?: Json;
}

/** An item that differs, with what differs in it, or with what it is where one side alone has it. */
export type ShownDifference = ItemDifference & {
  readonly values?: readonly ValueDifference[];
  readonly item?: Json;
};

/** Texts of values that are longer than this are cut, as texts. */
const longestValue = 2_000;
const mostValues = 50;

/** What the items of a difference say on both sides; only those that are named are held. */
export async function withValues(
  examples: readonly ItemDifference[],
  of: {
    readonly local: LocalDataset;
    /** What the platform has. */
    readonly spool: ItemSpool;
    /** What each item of the spool is matched by, by its number. */
    readonly matches: readonly string[];
    readonly comparison: ItemComparison;
    readonly dataset: { readonly id: string; readonly name: string };
  },
): Promise<readonly ShownDifference[]> {
  const { local, spool, matches } = of;
  const named = new Set(examples.map(({ id }) => id));
  const numbers = new Map(matches.map((match, number) => [match, number]));
  const thereOf = async (number: number | undefined): Promise<JsonObject | undefined> =>
    number === undefined ? undefined : asInFile(await spool.item(number));
  const here = new Map<string, { readonly here: JsonObject; readonly number?: number }>();
  for await (const page of local.pages({ problems: createProblemList() })) {
    for (const { item } of page) {
      if (!named.has(item.id) || here.has(item.id)) continue;
      const number = numbers.get(matchOf(item, of));
      here.set(item.id, { here: asInFile(item), ...(number === undefined ? {} : { number }) });
    }
  }
  const shown: ShownDifference[] = [];
  for (const example of examples) {
    const own = here.get(example.id);
    if (example.kind === 'changed') {
      const there = await thereOf(own?.number);
      shown.push({ ...example, values: valuesOf(own?.here ?? {}, there ?? {}, example.fields) });
    } else if (example.kind === 'doubled') shown.push(example);
    else {
      const item =
        example.kind === 'added' ? own?.here : await thereOf(spool.ids.indexOf(example.id));
      shown.push({ ...example, item: cutValue(item ?? {}) });
    }
  }
  return shown;
}

function valuesOf(
  here: JsonObject,
  there: JsonObject,
  fields: readonly ItemField[],
): readonly ValueDifference[] {
  // What the platform holds for equal is not told, however it is written there.
  const members = new Set<string>(fields.map((field) => (field === 'splits' ? 'metadata' : field)));
  const of = (item: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(item).filter(([member]) => members.has(member)));
  return changedValues(of(there), of(here))
    .slice(0, mostValues)
    .map(({ at, before, after }) => ({
      at,
      ...(before === undefined ? {} : { there: cutValue(before) }),
      ...(after === undefined ? {} : { here: cutValue(after) }),
    }));
}

function cutValue(value: Json): Json {
  const text = JSON.stringify(value);
  return text.length > longestValue ? cut(text, longestValue) : value;
}

/** Characters of a line. */
const longestLine = 300;

/** What differs in an item, a line each, for `--full`. */
export function valueLines(
  { values = [], item, kind }: ShownDifference,
  { safe, colours }: Pick<Cli['out'], 'safe' | 'colours'>,
): readonly string[] {
  const text = (value: Json): string => safe(cut(JSON.stringify(value), longestLine));
  if (item !== undefined) {
    return [`      ${kind === 'added' ? colours.green(text(item)) : colours.red(text(item))}`];
  }
  return values.flatMap(({ at, there, here }) => [
    `      ${safe(cut(at, longestLine))}`,
    ...(there === undefined ? [] : [colours.red(`        - ${text(there)}`)]),
    ...(here === undefined ? [] : [colours.green(`        + ${text(here)}`)]),
  ]);
}

const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;
