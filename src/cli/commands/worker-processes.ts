import { z } from 'zod';

import { backendSchema } from '../../contracts/backend.js';
import { projectIdSchema } from '../../contracts/names.js';
import { orAborted } from '../../core/async/or-aborted.js';
import { AssayError, type ErrorDocument } from '../../core/errors/assay-error.js';
import {
  superviseWorkers,
  WorkerStartError,
  type SupervisorOptions,
} from '../../workers/supervisor.js';
import { rememberProject } from '../settings.js';
import { parseLogLine } from '../worker-log.js';

/** Workers of a project. */
export interface ProjectWorkers {
  readonly project: string;
  stop(): Promise<void>;
}

/** Worker processes that poll. */
export interface StartedWorkers extends ProjectWorkers {
  /** Whether every process polls right now. */
  allReady(): boolean;
}

/**
 * Starts worker processes and waits until all poll; remembers for later commands what they say of their config. It is
 * executed in them, not in this process.
 *
 * @throws AssayError what kept the first worker from starting; the signal's reason where it came meanwhile. Nothing
 *   runs then.
 */
export async function startWorkers(
  options: SupervisorOptions,
  signal: AbortSignal,
): Promise<StartedWorkers> {
  let ready: ReadyFields | undefined;
  const workers = superviseWorkers({
    ...options,
    onLog(line) {
      ready ??= readyFieldsOf(line);
      options.onLog(line);
    },
  });
  try {
    await orAborted(workers.ready, signal);
    if (ready === undefined) {
      throw new AssayError('INTERNAL', 'The worker did not say which project it works for.');
    }
    const { project, config } = ready;
    await rememberProject(options.folder, project, config);
    return { project, allReady: () => workers.allReady, stop: () => workers.stop() };
  } catch (error) {
    await workers.stop();
    throw startFailure(error);
  }
}

/** What a worker says when it polls. */
const readySchema = z.object({
  ready: z.literal(true),
  project: projectIdSchema,
  config: z.object({
    datasetsFolder: z.string(),
    backend: backendSchema,
    models: z.array(z.string()),
  }),
});
type ReadyFields = z.output<typeof readySchema>;

const readyFieldsOf = (line: string): ReadyFields | undefined =>
  readySchema.safeParse(parseLogLine(line)?.fields).data;

/** The last line of a worker that could not start holds the error as a document. */
function startFailure(error: unknown): unknown {
  if (!(error instanceof WorkerStartError)) return error;
  const document = parseLogLine(error.lastLine)?.fields['error'];
  if (isErrorDocument(document)) return AssayError.from(document);
  const how = error.exitCode === null ? 'was killed' : `ended with ${error.exitCode}`;
  return new AssayError('INTERNAL', `The worker ${how} before it was ready.`, { cause: error });
}

function isErrorDocument(value: unknown): value is ErrorDocument {
  if (typeof value !== 'object' || value === null) return false;
  const { code, message, problems } = value as Partial<Record<keyof ErrorDocument, unknown>>;
  return typeof code === 'string' && typeof message === 'string' && Array.isArray(problems);
}
