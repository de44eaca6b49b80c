import { childOptionsSchema } from './options.js';
import { startLangfuseServer } from './server.js';

/**
 * Entry of the supervised child. Options come as JSON in ASSAY_CHILD_OPTIONS, never in argv, where every
 * user of the machine could read the keys. Prints one line of JSON when it listens.
 */
async function main(): Promise<void> {
  const raw = process.env['ASSAY_CHILD_OPTIONS'];
  if (raw === undefined) throw new Error('ASSAY_CHILD_OPTIONS is not set');
  delete process.env['ASSAY_CHILD_OPTIONS'];
  const { parentPid, ...options } = childOptionsSchema.parse(JSON.parse(raw));
  const server = await startLangfuseServer(options);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void server.close().finally(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // A parent killed with -9 cannot tell: without this its children would hold their ports for ever.
  if (parentPid !== undefined)
    setInterval(() => {
      if (process.ppid !== parentPid) stop();
    }, 1_000).unref();
  process.stdout.write(`${JSON.stringify({ ready: true, url: server.url })}\n`);
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? `${error.name}: ${firstLine(error.message)}` : 'failed';
  process.stderr.write(`${JSON.stringify({ ready: false, message })}\n`);
  process.exit(1);
});

/** Validation messages may run over many lines; the options themselves are never repeated. */
function firstLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 500);
}
