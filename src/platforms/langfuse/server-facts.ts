import { AssayError } from '../../core/errors/assay-error.js';
import type { PlatformDescription, PlatformRun } from '../port.js';
import { healthAnswer, projectsAnswer } from './answers.js';
import { errorKind, unauthorized } from './errors.js';
import type { Rest } from './rest.js';
import type { HttpAnswer } from '../http/transport.js';

/** Lies after every experiment, so that the probe reads nothing; within what a 32-bit time of a database holds. */
const farFuture = '2099-01-01T00:00:00.000Z';

/** The first 3.x server that takes spans by OTLP with all that they say; those before it are not spoken to. */
const oldestMinor = 63;

/** What decides how a server is spoken to. */
export interface ServerFacts {
  readonly version: string;
  /** By what it answers, not by its version: a 4.x server in the write mode `legacy` reads as a v3 server does. */
  readonly generation: 'v4' | 'v3';
}

/** Asks the server for its version, and by one probe for its generation. */
export async function readServerFacts(rest: Rest, signal: AbortSignal): Promise<ServerFacts> {
  const { version } = await rest.read(
    { path: '/api/public/health', what: 'its health', signal },
    healthAnswer,
  );
  const call = {
    path: '/api/public/experiments',
    query: { fromStartTime: farFuture, limit: 1 },
    what: 'its experiments',
    signal,
  };
  const answer = await rest.answer(call);
  if (answer.status === 404) {
    if (!isLegacy(version, answer)) throw unsupported(rest, version);
    return { version, generation: 'v3' };
  }
  if (answer.status !== 200) rest.parse(answer, call, projectsAnswer);
  return { version, generation: 'v4' };
}

/** What the server says of itself, and to which project the keys belong. */
export async function describeServer(
  rest: Rest,
  facts: ServerFacts,
  signal: AbortSignal,
): Promise<PlatformDescription> {
  const project = await currentProject(rest, signal);
  return {
    platform: 'langfuse',
    url: rest.baseUrl,
    ...facts,
    projectId: project.id,
    projectName: project.name,
  };
}

/** The project of the keys. */
export async function currentProject(
  rest: Rest,
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly name: string }> {
  const call = { path: '/api/public/projects', what: 'the project of the keys', signal };
  const answer = await rest.answer(call);
  const [project] = rest.parse(answer, call, projectsAnswer).data;
  if (project === undefined) throw unauthorized(rest.baseUrl, answer);
  return project;
}

/**
 * Makes sure that the keys are of the run's project.
 * @throws AssayError PLATFORM_PROJECT_CHANGED
 */
export async function checkProject(
  rest: Rest,
  run: Pick<PlatformRun, 'projectId'>,
  signal: AbortSignal,
): Promise<void> {
  const { id, name } = await currentProject(rest, signal);
  if (id === run.projectId) return;
  throw new AssayError(
    'PLATFORM_PROJECT_CHANGED',
    `The keys for Langfuse at ${rest.baseUrl} are of the project ${JSON.stringify(name)} (${id}), and the run was planned in the project ${run.projectId}. Nothing was sent.`,
    {
      mend: 'Set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY of the worker to keys of that project and restart it.',
    },
  );
}

/** Whether a version is before the given one; one that cannot be read is before none. */
export function isBefore(version: string, major: number, minor: number): boolean {
  const [, its = '', own = ''] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (its === '') return false;
  return Number(its) < major || (Number(its) === major && Number(own) < minor);
}

// A 3.x server answers a route that it does not know with a page; of a later one such a page is a proxy's.
function isLegacy(version: string, answer: HttpAnswer): boolean {
  if (isBefore(version, 3, oldestMinor)) return false;
  return isBefore(version, 4, 0) || errorKind(answer) === 'LangfuseNotFoundError';
}

function unsupported(rest: Rest, version: string): AssayError {
  if (isBefore(version, 3, oldestMinor)) {
    return new AssayError(
      'PLATFORM_UNSUPPORTED',
      `Langfuse at ${rest.baseUrl} is version ${version}; 3.${oldestMinor} or later is needed.`,
      { mend: `Upgrade the server to Langfuse 3.${oldestMinor} or later, best to Langfuse 4.` },
    );
  }
  return new AssayError(
    'PLATFORM_UNSUPPORTED',
    `Langfuse at ${rest.baseUrl} (${version}) answers for neither the v4 API nor the v3 API.`,
    {
      mend: 'Check that LANGFUSE_HOST is the address of a Langfuse server itself, and what stands before it.',
    },
  );
}
