import { microsOf } from '../clock.js';
import { notFound, unprocessable } from '../http/errors.js';
import type { ObjectMap } from '../http/validate.js';
import type { Dataset } from './dataset.js';

/** An example as one version of its dataset has it. */
export interface ExampleState {
  readonly id: string;
  /** The moment of the version that brought this state. */
  readonly at: number;
  readonly createdAt: number;
  readonly deleted: boolean;
  readonly inputs: ObjectMap;
  readonly outputs: ObjectMap | null;
  /** With `dataset_split` in it, a list of names. */
  readonly metadata: ObjectMap;
  readonly sourceRunId: string | null;
}

/** The state that an example had at a moment; undefined where it was not there yet or no more. */
export function stateAt(
  history: readonly ExampleState[],
  at = Number.POSITIVE_INFINITY,
): ExampleState | undefined {
  const state = history.findLast((entry) => entry.at <= at);
  return state === undefined || state.deleted ? undefined : state;
}

interface Listing {
  readonly modifiedAt: number;
  readonly at: number | undefined;
  readonly states: readonly ExampleState[];
}

// A reader of 100,000 examples asks for a thousand pages; each must not sort them all again.
const lastListing = new WeakMap<Dataset, Listing>();

/** The examples of a version, last changed first, then by id. */
export function examplesAt(dataset: Dataset, at?: number): readonly ExampleState[] {
  const { modifiedAt } = dataset;
  const last = lastListing.get(dataset);
  if (last?.modifiedAt === modifiedAt && last.at === at) return last.states;
  const states = [...dataset.histories.values()]
    .flatMap((history) => stateAt(history, at) ?? [])
    .sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1));
  lastListing.set(dataset, { modifiedAt, at, states });
  return states;
}

/** The moments of all versions, newest first. */
export function versionsOf(dataset: Dataset): readonly number[] {
  const moments = new Set([...dataset.histories.values()].flatMap((all) => all.map((s) => s.at)));
  return [...moments].sort((a, b) => b - a);
}

/** What a reader means with `as_of`: a moment or the name of a tag; undefined means the newest version. */
export function momentOf(dataset: Dataset, asOf: string | undefined): number | undefined {
  if (asOf === undefined || asOf === 'latest') return undefined;
  const tagged = dataset.tags.get(asOf);
  if (tagged !== undefined) return tagged;
  const moment = microsOf(asOf);
  if (moment === undefined) {
    if (/^\d{4}-/.test(asOf)) throw unprocessable(`Invalid as_of: ${asOf}`);
    throw notFound('Dataset version not found');
  }
  return moment;
}

/** The names that stand on a version, `latest` among them on the newest. */
export function tagsOf(dataset: Dataset, moment: number): readonly string[] {
  const named = [...dataset.tags].filter(([, at]) => at === moment).map(([name]) => name);
  return versionsOf(dataset)[0] === moment ? ['latest', ...named] : named;
}

export const splitsOf = (state: ExampleState): readonly string[] =>
  (state.metadata['dataset_split'] ?? []) as readonly string[];
