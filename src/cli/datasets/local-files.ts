import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cli } from '../cli.js';

/**
 * The folder of the datasets of this project: what `assay config check`, `assay dev` or a worker last saw in the config, else
 * `datasets`. The config is not executed.
 */
export async function datasetsFolder({ folder }: Pick<Cli, 'folder'>): Promise<string> {
  const text = await readFile(join(folder, '.assay', 'settings.json'), 'utf8').catch(() => '{}');
  let settings: unknown;
  try {
    settings = JSON.parse(text);
  } catch {
    settings = undefined;
  }
  const named =
    typeof settings === 'object' && settings !== null && 'datasetsFolder' in settings
      ? settings.datasetsFolder
      : undefined;
  return join(folder, typeof named === 'string' && named !== '' ? named : 'datasets');
}
