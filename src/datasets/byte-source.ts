import { createReadStream } from 'node:fs';

import { AssayError } from '../core/errors/assay-error.js';

const chunkBytes = 256 * 1024;

/**
 * The bytes of a file, chunk by chunk, without a byte order mark.
 *
 * @throws AssayError DATASET_INVALID where it cannot be read.
 */
export async function* bytesOf(
  file: string,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const stream = createReadStream(file, {
    highWaterMark: chunkBytes,
    ...(signal === undefined ? {} : { signal }),
  });
  let first = true;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      yield first && hasMark(chunk) ? chunk.subarray(3) : chunk;
      first = false;
    }
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw new AssayError('DATASET_INVALID', `${file} cannot be read.`, { cause: error });
  } finally {
    stream.destroy();
  }
}

const hasMark = (chunk: Buffer): boolean =>
  chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf;
