import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { AssayError } from '../core/errors/assay-error.js';
import { schemaFile } from './item-schema.js';
import type { LocalDataset } from './port.js';

/**
 * The hash of a dataset's files, byte for byte: two checkouts with the same stamp hold the same dataset. Reads them once.
 *
 * @throws AssayError DATASET_INVALID where one cannot be read.
 */
export async function datasetStamp(dataset: LocalDataset, signal?: AbortSignal): Promise<string> {
  const home = dirname(dataset.file);
  const hash = createHash('sha256');
  for (const file of [dataset.file, join(home, 'expected.json'), join(home, schemaFile)]) {
    const there = await stat(file).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new AssayError('DATASET_INVALID', `${file} cannot be read.`, { cause: error });
    });
    if (there === undefined) continue;
    hash.update(`${basename(file)} ${there.size}\n`);
    const stream = createReadStream(file, signal === undefined ? {} : { signal });
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) hash.update(chunk);
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw new AssayError('DATASET_INVALID', `${file} cannot be read.`, { cause: error });
    }
  }
  return hash.digest('hex');
}

/** What a dataset that changed in the midst of its work is answered with. */
export function changedWhilePushed(name: string): AssayError {
  return new AssayError('DATASET_CHANGED', `The dataset "${name}" changed while it was pushed.`, {
    mend: 'Push again: what stands on the platform already is not written again.',
  });
}
