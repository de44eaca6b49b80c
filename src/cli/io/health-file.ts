import { rm, utimes, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { AssayError } from '../../core/errors/assay-error.js';

/** How often the file is touched. A check may take it for dead after six of these. */
const touchEveryMs = 5_000;

export interface HealthFile {
  /** Removes the file: what is stopping takes no work. */
  stop(): Promise<void>;
}

/**
 * Keeps the time of a file new for as long as something is well, so that a container's health check needs no port and no
 * process of its own. The file holds nothing.
 *
 * @throws AssayError USAGE where it cannot be written at all.
 */
export async function keepHealthFile(
  path: string,
  isWell: () => boolean,
  everyMs = touchEveryMs,
): Promise<HealthFile> {
  const file = resolve(path);
  const touch = async (): Promise<void> => {
    const now = new Date();
    // Something that cleans temporary folders may have taken it away.
    await utimes(file, now, now).catch(() => writeFile(file, '', { mode: 0o600 }));
  };
  if (isWell()) {
    await touch().catch((cause: unknown) => {
      throw new AssayError('USAGE', `The health file ${file} cannot be written.`, {
        mend: 'Name a path in a folder that this process may write to.',
        cause,
      });
    });
  }
  let touching: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    if (isWell()) touching = touch().catch(() => undefined);
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await touching;
      await rm(file, { force: true });
    },
  };
}
