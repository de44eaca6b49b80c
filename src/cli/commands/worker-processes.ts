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
 * Starts worker processes and waits until all poll; remembers their project for later commands. The config is
 * executed in them, not in this process.
 *
 * @throws AssayError what kept the first worker from starting; the signal's reason where it came meanwhile. Nothing
 *   runs then.
 */
export async function startWorkers(
  options: SupervisorOptions,
  signal: AbortSignal,
): Promise<StartedWorkers> {
  let project: string | undefined;
  const workers = superviseWorkers({
    ...options,
    onLog(line) {
      project ??= projectOf(line);
      options.onLog(line);
    },
  });
  try {
    await unlessAborted(workers.ready, signal);
    if (project === undefined) {
      throw new AssayError('INTERNAL', 'The worker did not say which project it works for.');
    }
    await rememberProject(options.folder, project);
    return { project, allReady: () => workers.allReady, stop: () => workers.stop() };
  } catch (error) {
    await workers.stop();
    throw startFailure(error);
  }
}

function projectOf(line: string): string | undefined {
  const fields = parseLogLine(line)?.fields;
  const project = fields?.['ready'] === true ? fields['project'] : undefined;
  return typeof project === 'string' ? project : undefined;
}

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

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let leave: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    leave = () => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
