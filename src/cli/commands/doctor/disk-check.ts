import { lstat, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';

import { postgresFolders } from '../../../devstack/postgres/index.js';
import { bytesText } from './bytes-text.js';
import type { CheckResult } from './check.js';

const warnBelowBytes = 2_000_000_000;
const failBelowBytes = 200_000_000;

/** What the folder's state takes, and what is left on its disk. */
export async function checkDisk(
  folder: string,
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const state = join(folder, '.assay');
  // The embedded Postgres' files may lie elsewhere, where its account gets at them.
  const places = [state, ...postgresFolders(folder).filter((path) => !path.startsWith(state))];
  let used = 0;
  for (const place of places) used += await bytesBelow(place, signal);
  const result = {
    name: 'Disk',
    found: `.assay takes ${bytesText(used)}, ${bytesText(free)} are free`,
    facts: { usedBytes: used, freeBytes: free },
  };
  if (free >= warnBelowBytes) return [{ ...result, state: 'ok' }];
  return [
    {
      ...result,
      state: free < failBelowBytes ? 'fail' : 'warn',
      mend: 'Free some space, or empty the embedded databases with `assay dev --reset`.',
    },
  ];
}

async function bytesBelow(path: string, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  // Files come and go while servers run; what is gone takes no space.
  const facts = await lstat(path).catch(() => undefined);
  if (facts === undefined) return 0;
  if (!facts.isDirectory()) return facts.size;
  let bytes = 0;
  for (const entry of await readdir(path).catch(() => [])) {
    bytes += await bytesBelow(join(path, entry), signal);
  }
  return bytes;
}
