import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import type {
  CheckedDataset,
  DatasetActivities,
  DatasetPushRequest,
} from '../../contracts/dataset-push.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { checkDataset } from '../../datasets/check-dataset.js';
import { changedWhilePushed, datasetStamp } from '../../datasets/dataset-stamp.js';
import { localDatasetNames, openLocalDataset } from '../../datasets/local-dataset.js';
import type { LocalDataset } from '../../datasets/port.js';
import { platformsOf } from '../experiment/run-platforms.js';
import { withHeartbeat } from '../heartbeat.js';
import type { DatasetPorts } from './ports.js';

/** Reads the files of a dataset as a whole, with all that is wrong with them, before anything is written anywhere. */
export function createCheckPush(ports: DatasetPorts): DatasetActivities['checkPush'] {
  return (request) =>
    withHeartbeat(async (beat) => {
      try {
        return {
          checked: await check(request, {
            ports,
            signal: beat.cancelled,
            tell: (items) => {
              beat.tell({ step: 'check', items });
            },
          }),
        };
      } catch (error) {
        // Whoever asks is waiting: what stands in the way is the answer.
        if (AssayError.is(error) && isAnswer(error)) return { error: error.toJSON() };
        throw error;
      }
    });
}

const isAnswer = ({ entry, code }: AssayError): boolean =>
  entry.retry === 'never' || code === 'PLATFORM_NOT_CONFIGURED';

async function check(
  request: DatasetPushRequest,
  on: {
    readonly ports: DatasetPorts;
    readonly signal: AbortSignal;
    readonly tell: (items: number) => void;
  },
): Promise<CheckedDataset> {
  const { ports, signal, tell } = on;
  const platforms = platformsOf(request, ports);
  const dataset = await openPushed(request.dataset, ports);
  const stamp = await datasetStamp(dataset, signal);
  if (request.stamp !== undefined && request.stamp !== stamp) throw otherFiles(dataset);
  const sizes = platforms.flatMap(({ datasets }) => datasets.largestItem ?? []);
  const { items } = await checkDataset(dataset, {
    signal,
    onProgress: tell,
    ...(sizes.length === 0 ? {} : { largestItem: Math.min(...sizes) }),
  });
  if ((await datasetStamp(dataset, signal)) !== stamp) throw changedWhilePushed(request.dataset);
  return { stamp, items, platforms: platforms.map(({ name }) => name) };
}

/** @throws AssayError DATASET_NOT_FOUND, DATASET_AMBIGUOUS, DATASET_INVALID */
export async function openPushed(
  name: string,
  { project }: Pick<DatasetPorts, 'project'>,
): Promise<LocalDataset> {
  const folder = join(project.root, project.config.datasetsFolder);
  const dataset = await openLocalDataset(folder, name);
  if (dataset !== undefined) return dataset;
  const home = join(folder, name);
  const isThere = await stat(home).then(
    (found) => found.isDirectory(),
    () => false,
  );
  throw new AssayError(
    'DATASET_NOT_FOUND',
    isThere ? `${home} holds no items.` : `There is no dataset ${home}.`,
    {
      mend: `Items stand in test_cases.json, .jsonl or .csv. ${isThere ? '' : await others(folder)}`.trim(),
    },
  );
}

/** The most names that are told. */
const mostNames = 20;

async function others(folder: string): Promise<string> {
  const names = await localDatasetNames(folder);
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : '';
  return names.length === 0
    ? 'There is no dataset yet.'
    : `There are: ${names.slice(0, mostNames).join(', ')}${more}.`;
}

const otherFiles = ({ name, file }: LocalDataset): AssayError =>
  new AssayError('DATASET_CHANGED', `The worker has other files of "${name}" than you have.`, {
    problems: [{ at: file, message: 'is what the worker reads' }],
    mend: 'Push from the folder that the worker runs in, or give the worker the same commit.',
  });
