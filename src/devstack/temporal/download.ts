import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** No byte for this long: the download's host is out of reach (a firewall that drops says nothing). */
const STALLED_MS = 20_000;
const POLL_MS = 500;

/**
 * The SDK downloads as it starts its ephemeral server, and offers no way to stop it: in a process of its own
 * it can be ended. It prints nothing but errors; the program is then in the folder.
 */
const CODE = `
const { Runtime } = await import(process.argv[1]);
const runtime = Runtime.instance();
const exe = { type: 'cached-download', downloadDir: process.argv[2], version: 'default',
  ttl: 86_400_000, sdkName: 'sdk-typescript', sdkVersion: process.argv[3] };
const server = await runtime.createEphemeralServer({ type: 'dev-server', exe, ip: '127.0.0.1', port: null,
  ui: false, uiPort: null, namespace: 'default', dbFilename: null, log: { format: 'pretty', level: 'error' },
  extraArgs: [] });
await runtime.shutdownEphemeralServer(server);
`;

export interface DownloadOptions {
  /** Where the finished program shall be. */
  readonly target: string;
  /** For the proxy that it names. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce((sum, entry) => {
    const facts = statSync(join(folder, entry), { throwIfNoEntry: false });
    return sum + (facts?.isFile() === true ? facts.size : 0);
  }, 0);

const largestFile = (folder: string): string | undefined =>
  readdirSync(folder, { encoding: 'utf8' })
    .map((entry) => join(folder, entry))
    .filter((path) => statSync(path).isFile())
    .sort((left, right) => statSync(right).size - statSync(left).size)[0];

const sdk = (): { readonly url: string; readonly version: string } => {
  const require = createRequire(import.meta.url);
  const { version } = require('@temporalio/worker/package.json') as { version: string };
  return { url: pathToFileURL(require.resolve('@temporalio/worker')).href, version };
};

/** The SDK's message names each layer it went through; the last words say what happened. */
const rootOf = (errors: string): string | undefined =>
  /Error: (.*?)\]?$/m.exec(errors)?.[1]?.split(': ').slice(-3).join(': ');

const runDownload = (folder: string, options: DownloadOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    const { url, version } = sdk();
    const args = ['--input-type=module', '-e', CODE, url, folder, version];
    const child = spawn(process.execPath, args, {
      env: options.env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    let bytes = 0;
    let movedAt = performance.now();
    const watch = setInterval(() => {
      const now = bytesIn(folder);
      if (now !== bytes) movedAt = performance.now();
      bytes = now;
      const stalled = performance.now() - movedAt > STALLED_MS;
      if (stalled || options.signal?.aborted === true) child.kill('SIGKILL');
    }, POLL_MS);
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors = (errors + chunk).slice(-4_000);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(watch);
      if (code === 0) resolve();
      else if (code === null) reject(new Error(`no data for ${STALLED_MS / 1000} s`));
      else reject(new Error(rootOf(errors) ?? `the download ended with ${code}`));
    });
  });

/**
 * Gets the Temporal CLI through the SDK's own download (temporal.download) into the cache.
 * @throws when the host is out of reach or sends nothing for 20 s.
 */
export const downloadTemporal = async (options: DownloadOptions): Promise<void> => {
  const folder = mkdtempSync(join(dirname(options.target), 'download-'));
  try {
    await runDownload(folder, options);
    const program = largestFile(folder);
    if (program === undefined) throw new Error('the download left no program');
    chmodSync(program, 0o755);
    renameSync(program, options.target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
