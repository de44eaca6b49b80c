import { AssayError } from '../../core/errors/assay-error.js';
import type { PlatformDescription, PlatformRun } from '../port.js';
import { infoAnswer, settingsAnswer } from './answers.js';
import { printable } from '../http/answer-text.js';
import type { Rest } from './rest.js';

/** What the server says of itself, and to which workspace the key belongs. */
export async function describeServer(
  rest: Rest,
  signal: AbortSignal,
): Promise<PlatformDescription> {
  const info = await rest.read({ path: '/info', what: 'its version', signal }, infoAnswer);
  const version = printable(info.version ?? 'unknown');
  const workspace = await currentWorkspace(rest, signal);
  // The one endpoint that takes feedback in bulk, too; older servers have only one for runs.
  if (info.batch_ingest_config?.use_multipart_endpoint !== true) throw tooOld(rest, version);
  return {
    platform: 'langsmith',
    url: rest.baseUrl,
    version,
    generation: 'langsmith',
    projectId: workspace.id,
    projectName: printable(workspace.name),
  };
}

/** The workspace of the key. */
export async function currentWorkspace(
  rest: Rest,
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly name: string }> {
  const found = await rest.read(
    { path: '/settings', what: 'the workspace of the key', signal },
    settingsAnswer,
  );
  return { id: found.id, name: found.display_name };
}

/**
 * Makes sure that the key still is of the workspace in which the run was planned.
 *
 * @throws AssayError PLATFORM_PROJECT_CHANGED
 */
export async function checkWorkspace(
  rest: Rest,
  run: Pick<PlatformRun, 'projectId'>,
  signal: AbortSignal,
): Promise<void> {
  const { id, name } = await currentWorkspace(rest, signal);
  if (id === run.projectId) return;
  throw new AssayError(
    'PLATFORM_PROJECT_CHANGED',
    `The key for LangSmith at ${rest.baseUrl} is of the workspace ${JSON.stringify(printable(name))} (${id}), and the run was planned in the workspace ${run.projectId}. Nothing was sent.`,
    {
      mend: 'Set LANGSMITH_API_KEY of the worker (and LANGSMITH_WORKSPACE_ID, where the key is of several) to that workspace and restart it.',
    },
  );
}

function tooOld(rest: Rest, version: string): AssayError {
  return new AssayError(
    'PLATFORM_UNSUPPORTED',
    `LangSmith at ${rest.baseUrl} (${version}) does not take runs as multipart.`,
    { mend: 'Upgrade the server to one whose /info says `use_multipart_endpoint: true`.' },
  );
}
