import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import { parseConnections, type Connections } from '../contracts/environment.js';

const stackState = z.object({
  running: z.object({ environment: z.record(z.string(), z.string()) }).optional(),
});

/** The variables of the process over those of the embedded stack that runs in a folder, if one does. */
export async function effectiveEnvironment(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string | undefined>>> {
  const text = await readFile(join(folder, '.assay', 'stack.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return environment;
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch {
    return environment;
  }
  const parsed = stackState.safeParse(state);
  const given = Object.entries(environment).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  return { ...(parsed.data?.running?.environment ?? {}), ...Object.fromEntries(given) };
}

/**
 * Where everything is: from the environment, else from the embedded stack of the folder. Nothing of the project is executed.
 *
 * @throws AssayError ENVIRONMENT_INVALID
 */
export async function findConnections(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Connections> {
  return parseConnections(await effectiveEnvironment(folder, environment));
}
