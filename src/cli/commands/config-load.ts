import { existsSync } from 'node:fs';
import { join } from 'node:path';

import {
  configFileName,
  configOutline,
  loadConfig,
  type LoadedConfig,
} from '../../workers/load-config.js';
import { ensureStateFolder, rememberProject } from '../settings.js';

/**
 * Executes and checks the config of a folder, and remembers its project for commands that must not execute it.
 *
 * @param variables of the embedded stack, seen by the config where the environment does not say otherwise, as in a
 *   worker.
 * @throws AssayError CONFIG_NOT_FOUND, CONFIG_INVALID
 */
export async function loadProject(
  folder: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<LoadedConfig> {
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined) process.env[name] ??= value;
  }
  // Before the loader makes its cache in there, which would be closed to the embedded Postgres' account.
  if (existsSync(join(folder, configFileName))) await ensureStateFolder(folder);
  const loaded = await loadConfig(folder);
  const { project, ...config } = configOutline(loaded.config);
  await rememberProject(folder, project, config);
  return loaded;
}
