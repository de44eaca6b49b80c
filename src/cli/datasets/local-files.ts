import { resolve } from 'node:path';

import type { Cli } from '../cli.js';
import { knownDatasetsFolder } from '../settings.js';

/**
 * The folder of the datasets of this project: what `assay config check` or `assay dev` last saw in the config, else `datasets`. The
 * config is not executed.
 */
export async function datasetsFolder({ folder }: Pick<Cli, 'folder'>): Promise<string> {
  return resolve(folder, (await knownDatasetsFolder(folder)) ?? 'datasets');
}
