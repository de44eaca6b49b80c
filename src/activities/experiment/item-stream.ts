import { join } from 'node:path';

import { platformNameSchema } from '../../contracts/backend.js';
import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import { AssayError } from '../../core/errors/assay-error.js';
import type { RepeatedIds } from '../../datasets/dataset-fingerprint.js';
import { emptyDataset, tellRepeated } from '../../datasets/dataset-problems.js';
import { localDatasetNames, openLocalDataset } from '../../datasets/local-dataset.js';
import type { LocalDataset, PlacedItem } from '../../datasets/port.js';
import type { ProblemList } from '../../datasets/problem-list.js';
import type { Platform } from '../../platforms/port.js';
import type { ExperimentPorts } from './ports.js';
import { platformsOf } from './run-platforms.js';

/** The dataset of a submission, from wherever it lives. */
export interface ItemStream {
  /** Whether it lives in the project's folder; otherwise on the platform. */
  readonly local: boolean;
  /** The spec with the dataset's version pinned, where it lives on a platform; and which, of several, once it was read. */
  readonly spec: ExperimentSpec;
  /** All items from the beginning, page by page, anew with each call. What is wrong is told to `problems`. */
  pages(pass: {
    readonly problems: ProblemList;
    readonly signal: AbortSignal;
  }): AsyncIterable<readonly PlacedItem[]>;
  /** Adds repeated ids to what is wrong. */
  tellRepeated(repeated: RepeatedIds, problems: ProblemList): void;
  /** What a dataset without items is answered with. */
  empty(): AssayError;
}

/**
 * Opens the dataset of a spec: in the project's folder where it is there, else on the platform at a pinned moment. Nothing
 * is read yet.
 *
 * @throws AssayError DATASET_NOT_FOUND, DATASET_AMBIGUOUS, DATASET_INVALID, PLATFORM_NOT_CONFIGURED
 */
export async function openItems(spec: ExperimentSpec, ports: ExperimentPorts): Promise<ItemStream> {
  const { config, root } = ports.project;
  const folder = join(root, config.datasetsFolder);
  const local = await openLocalDataset(folder, spec.dataset.name);
  if (local !== undefined) return localStream(local, spec);
  return platformStream(platformsOf(spec, ports), spec, (error) =>
    neitherHereNorThere(error, folder, spec.dataset.name),
  );
}

/** A dataset that the platform has not may as well be a folder that is misspelt. */
async function neitherHereNorThere(error: unknown, folder: string, name: string): Promise<unknown> {
  if (!AssayError.is(error) || error.code !== 'DATASET_NOT_FOUND') return error;
  const message = `There is no dataset ${join(folder, name)}, and ${error.message}`;
  const mend = await mendOfMissing(folder, name);
  return new AssayError('DATASET_NOT_FOUND', message, { mend, cause: error });
}

/** Names that are shown; the rest is counted. */
const mostNames = 20;

async function mendOfMissing(folder: string, name: string): Promise<string> {
  const names = await localDatasetNames(folder);
  const shown = names.slice(0, mostNames).join(', ');
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : '';
  const known = names.length === 0 ? 'There are none' : `There are: ${shown}${more}`;
  return `${known} in ${folder}. Put it into ${join(folder, name)}, or check its name on the platform.`;
}

const localStream = (dataset: LocalDataset, spec: ExperimentSpec): ItemStream => ({
  local: true,
  spec,
  pages: (pass) => dataset.pages(pass),
  tellRepeated: (repeated, problems) => {
    tellRepeated(dataset, { repeated, problems });
  },
  empty: () => emptyDataset(dataset),
});

function platformStream(
  platforms: readonly Platform[],
  submitted: ExperimentSpec,
  explained: (error: unknown) => Promise<unknown>,
): ItemStream {
  const { name } = submitted.dataset;
  const version = submitted.dataset.version ?? new Date().toISOString();
  let { source } = submitted.dataset;
  return {
    local: false,
    get spec() {
      // Once the run is planned the others have it as well: from then on only the first reading says where it lives.
      const pinned = platforms.length > 1 && source !== undefined ? { source } : {};
      return { ...submitted, dataset: { name, version, ...pinned } };
    },
    async *pages({ signal }) {
      const asked =
        source === undefined ? platforms : platforms.filter((each) => each.name === source);
      for await (const { page, from } of firstThatHas(
        asked,
        { name, version, signal },
        explained,
      )) {
        source = platformNameSchema.parse(from);
        yield page;
      }
    },
    tellRepeated({ examples, count }, problems) {
      for (const { id } of examples) problems.add({ at: id, message: 'comes more than once' });
      for (let rest = examples.length; rest < count; rest += 1) {
        problems.add({ at: name, message: 'repeats an id' });
      }
    },
    empty: () => new AssayError('DATASET_EMPTY', `The dataset "${name}" has no items.`),
  };
}

/** The pages of a dataset from the first platform that has it; one that does not answer is not passed over. */
async function* firstThatHas(
  platforms: readonly Platform[],
  which: { readonly name: string; readonly version: string; readonly signal: AbortSignal },
  explained: (error: unknown) => Promise<unknown>,
): AsyncGenerator<{ readonly page: readonly PlacedItem[]; readonly from: string }> {
  const { name: dataset, version, signal } = which;
  const absent: AssayError[] = [];
  for (const platform of platforms) {
    let place = 0;
    try {
      for await (const page of platform.readItems({ dataset, version, signal })) {
        const first = place;
        place += page.length;
        const placed = page.map((item, index) => ({ item, place: first + index }));
        yield { page: placed, from: platform.name };
      }
      return;
    } catch (error) {
      const unknown = AssayError.is(error) && error.code === 'DATASET_NOT_FOUND' && place === 0;
      if (!unknown) throw await explained(error);
      absent.push(error);
    }
  }
  const [first] = absent;
  throw await explained(
    absent.length === 1 && first !== undefined
      ? first
      : new AssayError('DATASET_NOT_FOUND', absent.map(({ message }) => message).join(' '), {
          cause: first,
        }),
  );
}
