import { AssayError } from '../../core/errors/assay-error.js';
import type { PlatformDescription } from '../port.js';
import { healthAnswer, projectsAnswer } from './answers.js';
import { unauthorized } from './errors.js';
import type { Rest } from './rest.js';

/** Lies after every experiment, so that the probe reads nothing; within what a 32-bit time of a database holds. */
const farFuture = '2099-01-01T00:00:00.000Z';

/** What the server says of itself, and to which project the keys belong. */
export async function describeServer(
  rest: Rest,
  signal: AbortSignal,
): Promise<PlatformDescription> {
  const { version } = await rest.read(
    { path: '/api/public/health', what: 'its health', signal },
    healthAnswer,
  );
  const project = await currentProject(rest, signal);
  if (!(await answersExperiments(rest, signal))) throw unsupported(rest, version);
  return {
    platform: 'langfuse',
    url: rest.baseUrl,
    version,
    generation: 'v4',
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

// The version does not tell: a 4.x server in the write mode `legacy` reads as a v3 server does.
async function answersExperiments(rest: Rest, signal: AbortSignal): Promise<boolean> {
  const call = {
    path: '/api/public/experiments',
    query: { fromStartTime: farFuture, limit: 1 },
    what: 'its experiments',
    signal,
  };
  const answer = await rest.answer(call);
  if (answer.status === 404) return false;
  if (answer.status !== 200) rest.parse(answer, call, projectsAnswer);
  return true;
}

function unsupported(rest: Rest, version: string): AssayError {
  return new AssayError(
    'PLATFORM_UNSUPPORTED',
    `Langfuse at ${rest.baseUrl} (${version}) does not have the v4 API.`,
    {
      mend: version.startsWith('3.')
        ? 'Upgrade the server to Langfuse 4.'
        : 'Set LANGFUSE_MIGRATION_V4_WRITE_MODE to events_only or dual on the server (web and worker).',
    },
  );
}
