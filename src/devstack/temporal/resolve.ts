import { messageOf } from '../error-facts.js';
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { AssayError } from '../../core/errors/assay-error.js';
import { takeLock } from '../lock-file.js';
import { buildTemporal } from './build.js';
import { downloadTemporal } from './download.js';

/** Update-with-start and priorities need this server. */
const OLDEST_SERVER = [1, 28] as const;
const VERSION_TIMEOUT_MS = 15_000;

export interface ResolveOptions {
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Default: this process' environment. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Where downloaded and built programs are kept: `$XDG_CACHE_HOME/assay` or `~/.cache/assay`. */
export const cacheFolder = (env: NodeJS.ProcessEnv): string => {
  const base = env['XDG_CACHE_HOME'];
  // The XDG specification says that a relative path there is to be ignored.
  const root = base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache');
  return join(root, 'assay');
};

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const onPath = (env: NodeJS.ProcessEnv): string | undefined =>
  (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, 'temporal'))
    .find(isExecutable);

/** Why the program cannot be used; undefined when it can. */
const unfit = (program: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    execFile(program, ['--version'], { timeout: VERSION_TIMEOUT_MS }, (error, stdout) => {
      const [, major, minor] = /Server (\d+)\.(\d+)/.exec(stdout) ?? [];
      if (error !== null) resolve(`does not run (${error.message.split('\n')[0] ?? ''})`);
      else if (major === undefined || minor === undefined) resolve('is not the Temporal CLI');
      else if (+major === OLDEST_SERVER[0] && +minor < OLDEST_SERVER[1]) {
        resolve(`brings server ${major}.${minor}, older than ${OLDEST_SERVER.join('.')}`);
      } else resolve(undefined);
    });
  });

/** One attempt at getting the program into the cache. */
interface Way {
  readonly title: string;
  readonly run: () => Promise<void>;
}

/** What a fetch that was killed left behind; a half build is a quarter of a gigabyte. */
const sweep = (folder: string): void => {
  for (const entry of readdirSync(folder)) {
    if (/^(build|download)-/.test(entry))
      rmSync(join(folder, entry), { recursive: true, force: true });
  }
};

const fillCache = async (target: string, options: ResolveOptions): Promise<readonly string[]> => {
  const { log, signal } = options;
  const env = options.env ?? process.env;
  const ways: readonly Way[] = [
    {
      title: 'downloading the Temporal CLI as the SDK does (temporal.download)',
      run: () => downloadTemporal({ target, env, signal }),
    },
    {
      title: 'building the Temporal CLI with Go (some minutes, once)',
      run: () => buildTemporal({ target, env, log, signal }),
    },
  ];
  const failures: string[] = [];
  for (const way of ways) {
    signal?.throwIfAborted();
    log(`Temporal: ${way.title}`);
    const failure = await way.run().then(() => unfit(target), messageOf);
    if (failure === undefined) return [];
    signal?.throwIfAborted();
    log(`Temporal: that failed: ${failure}`);
    failures.push(`${way.title}: ${failure}`);
  }
  return failures;
};

/** Two first starts at once: the second waits for what the first one builds. */
const fillCacheOnce = async (
  target: string,
  options: ResolveOptions,
): Promise<readonly string[]> => {
  let told = false;
  for (;;) {
    const lock = takeLock(`${target}.lock`);
    if ('release' in lock) {
      try {
        sweep(dirname(target));
        return isExecutable(target) ? [] : await fillCache(target, options);
      } finally {
        lock.release();
      }
    }
    if (!told) options.log(`Temporal: process ${lock.pid} is fetching it already, waiting for it`);
    told = true;
    await sleep(500, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
};

/**
 * Finds a Temporal CLI: `temporal` on PATH, the cache, the SDK's own download, a build with Go. Says what it
 * tries. The address of a running server, which comes before all this, is the caller's to look at.
 *
 * @returns the program's path.
 * @throws AssayError TEMPORAL_NOT_FOUND listing what was tried and what to install.
 */
export const resolveTemporal = async (options: ResolveOptions): Promise<string> => {
  const env = options.env ?? process.env;
  const folder = join(cacheFolder(env), 'bin');
  const cached = join(folder, 'temporal');
  const tried: string[] = [];
  for (const program of [onPath(env), isExecutable(cached) ? cached : undefined]) {
    if (program === undefined) continue;
    const failure = await unfit(program);
    if (failure === undefined) return program;
    options.log(`Temporal: ${program} ${failure}`);
    tried.push(`${program} ${failure}`);
  }
  mkdirSync(folder, { recursive: true });
  tried.push(...(existsSync(cached) ? [] : await fillCacheOnce(cached, { ...options, env })));
  if (isExecutable(cached) && (await unfit(cached)) === undefined) return cached;
  throw new AssayError('TEMPORAL_NOT_FOUND', 'No Temporal server could be found or built.', {
    problems: tried.map((message) => ({ at: 'temporal', message })),
    mend: 'Install the Temporal CLI (docs.temporal.io/cli) or Go 1.25 or later, or set TEMPORAL_ADDRESS to a server of yours.',
  });
};
