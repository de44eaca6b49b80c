import { setTimeout as wait } from 'node:timers/promises';

import type { AssayClient } from '../client/assay-client.js';
import type { Backend, PlatformName } from '../contracts/backend.js';
import { AssayError } from '../core/errors/assay-error.js';
import type { Cli } from './cli.js';

/** By these a terminal itself names a project; those of the folder's stack are its worker's as well. */
const naming: readonly (readonly [PlatformName, variable: string])[] = [
  ['langfuse', 'LANGFUSE_PUBLIC_KEY'],
  ['langsmith', 'LANGSMITH_API_KEY'],
];
/** A worker that has other things to do holds nothing up. */
const patienceMs = 15_000;

/** The platforms of which the variables of this terminal name a project. */
export const projectsNamed = ({ environment }: Pick<Cli, 'environment'>): readonly PlatformName[] =>
  naming.filter(([, name]) => (environment[name] ?? '') !== '').map(([platform]) => platform);

/**
 * Before a worker is asked to write by its keys: makes sure that those set here are not of another project. What else is wrong is
 * told by the command itself.
 *
 * @throws AssayError PLATFORM_PROJECT_DIFFERS, WORKER_MISSING, TEMPORAL_UNREACHABLE, TEMPORAL_REFUSED
 */
export async function requireSameProject(
  cli: Pick<Cli, 'environment'>,
  client: Pick<AssayClient, 'prompts'>,
  of: { readonly project: string; readonly backend?: Backend | undefined },
): Promise<void> {
  const sameProject = projectsNamed(cli);
  if (sameProject.length === 0) return;
  const { project, backend } = of;
  const about = { project, ...(backend === undefined ? {} : { backend }) };
  const patience = new AbortController();
  const asked = client.prompts.platforms({ ...about, sameProject });
  try {
    await Promise.race([asked, wait(patienceMs, undefined, { signal: patience.signal })]);
  } catch (error) {
    if (AssayError.is(error) && told.has(error.code)) throw error;
  } finally {
    patience.abort();
    asked.catch(() => undefined);
  }
}

/** The command would meet the last three as well, after it has waited for them once more. */
const told: ReadonlySet<string> = new Set([
  'PLATFORM_PROJECT_DIFFERS',
  'WORKER_MISSING',
  'TEMPORAL_UNREACHABLE',
  'TEMPORAL_REFUSED',
]);
