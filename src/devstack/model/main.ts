/** Process entry of the demo model: options as JSON in ASSAY_CHILD_OPTIONS, one JSON line when it is ready. */
import { childOptionsSchema, ModelServerOptionsError, parseWith } from './options.js';
import { startModelServer } from './server.js';

const readOptions = () => {
  const text = process.env['ASSAY_CHILD_OPTIONS'] ?? '';
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ModelServerOptionsError(['ASSAY_CHILD_OPTIONS: must hold the options as JSON']);
  }
  const parsed = parseWith(childOptionsSchema, json);
  if ('problems' in parsed) throw new ModelServerOptionsError(parsed.problems);
  return parsed.value;
};

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it lives and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
};

/** Calls `act` once the parent is gone. Its child is told by its own ppid too: a dead parent's pid may be taken again. */
const watchParent = (parentPid: number, act: () => void): void => {
  const isChild = process.ppid === parentPid;
  const timer = setInterval(() => {
    if (isGone(parentPid) || (isChild && process.ppid !== parentPid)) act();
  }, 500);
  timer.unref();
};

const main = async (): Promise<void> => {
  const { parentPid, ...options } = readOptions();
  const server = await startModelServer(options);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void server.close().finally(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (parentPid !== undefined) watchParent(parentPid, stop);
  process.stdout.write(`${JSON.stringify({ ready: true, url: server.url })}\n`);
};

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
