import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import { langfuseNames, readConnections, type Connections } from '../contracts/environment.js';

const stackState = z.object({
  running: z.object({ environment: z.record(z.string(), z.string()) }).optional(),
});

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables of one service go together: an address of the user's with a key of the stack, or the other way round, reaches nobody
 * and shows the key to a stranger.
 */
const services: readonly { readonly set: readonly string[]; readonly drop: readonly string[] }[] = [
  { set: ['TEMPORAL_ADDRESS'], drop: ['TEMPORAL_NAMESPACE'] },
  { set: langfuseNames, drop: langfuseNames },
  { set: ['OPENAI_API_KEY'], drop: ['OPENAI_BASE_URL'] },
  { set: ['OPENAI_BASE_URL'], drop: ['OPENAI_API_KEY'] },
];

/** What says more of a service of the user's, and means nothing of the stack's. */
const details: readonly { readonly of: string; readonly drop: string }[] = [
  { of: 'TEMPORAL_ADDRESS', drop: 'TEMPORAL_NAMESPACE' },
  { of: 'LANGFUSE_BASE_URL', drop: 'LANGFUSE_WEB_URL' },
];

/** The variables of the process over those of the embedded stack that runs in a folder, if one does. */
export async function effectiveEnvironment(
  folder: string,
  environment: Environment,
): Promise<Environment> {
  const stack = await stackOf(folder);
  if (stack?.environment === undefined) return environment;
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const replaced = services
    .filter(({ set }) => set.some((name) => name in given))
    .flatMap(({ drop }) => drop);
  const kept = Object.fromEntries(
    Object.entries(stack.environment).filter(([name]) => !replaced.includes(name)),
  );
  const idle = details.filter(({ of }) => of in kept && !(of in given)).map(({ drop }) => drop);
  const meant = Object.entries(given).filter(([name]) => !idle.includes(name));
  return { ...kept, ...Object.fromEntries(meant) };
}

/** What `assay dev` has left in a folder; undefined where it never ran. */
async function stackOf(
  folder: string,
): Promise<{ readonly environment: Readonly<Record<string, string>> | undefined } | undefined> {
  const text = await readFile(join(folder, '.assay', 'stack.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const parsed = stackState.safeParse(JSON.parse(text));
    return { environment: parsed.data?.running?.environment };
  } catch {
    return { environment: undefined };
  }
}

/** Whether `assay dev` has run in a folder. */
export const isDevFolder = async (folder: string): Promise<boolean> =>
  (await stackOf(folder)) !== undefined;

/**
 * Where everything is: from the environment, else from the embedded stack of the folder. Nothing of the project is executed. Each
 * part is read when it is first needed, and says then what is missing.
 *
 * @throws AssayError ENVIRONMENT_INVALID or STACK_NOT_RUNNING where nothing is set at all.
 */
export async function findConnections(
  folder: string,
  environment: Environment,
): Promise<Connections> {
  return readConnections(await effectiveEnvironment(folder, environment), {
    devFolder: await isDevFolder(folder),
  });
}
