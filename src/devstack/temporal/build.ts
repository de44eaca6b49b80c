import { spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

import { sendSignal } from '../process-facts.js';

/** The last version whose module builds with `go install` (later ones carry replace directives). */
const MODULE = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';
/** `go list -deps ./cmd/temporal | wc -l` of that version on Linux; fewer are left with a warm cache. */
const PACKAGES = 1298;
const REPORT_EVERY_MS = 5_000;

export interface BuildOptions {
  /** Where the finished program shall be; it appears there whole or not at all. */
  readonly target: string;
  /** For Go: its PATH, module proxy and caches. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Counts Go's own lines: `go: downloading …`, then each package's path as it is compiled (-v). */
class Progress {
  #downloaded = 0;
  #compiled = 0;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  /** Go's last words, for the error. */
  readonly tail: string[] = [];

  constructor(log: (line: string) => void) {
    // By the clock and not by the line: the last step, linking, is half a minute without one.
    this.#timer = setInterval(() => log(`  ${this.#words()}`), REPORT_EVERY_MS);
  }

  line(line: string): void {
    this.tail.push(line);
    if (this.tail.length > 8) this.tail.shift();
    if (line.startsWith('go: downloading')) this.#downloaded += 1;
    else if (/^[\w.~-]+(\/[\w.~-]+)*$/.test(line)) this.#compiled += 1;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #words(): string {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000);
    if (this.#compiled === 0) return `${this.#downloaded} modules downloaded, ${seconds} s`;
    const percent = Math.min(99, Math.floor((100 * this.#compiled) / PACKAGES));
    return `${this.#compiled} of about ${PACKAGES} packages compiled (${percent} %), ${seconds} s`;
  }
}

const goInstall = (bin: string, progress: Progress, options: BuildOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn('go', ['install', '-v', MODULE], {
      env: { ...options.env, GOBIN: bin, GOFLAGS: '-buildvcs=false' },
      stdio: ['ignore', 'ignore', 'pipe'],
      // Its compilers are children of its own: an abort must reach them all.
      detached: true,
    });
    const abort = (): void => {
      if (child.pid !== undefined) sendSignal(-child.pid, 'SIGTERM');
    };
    options.signal?.addEventListener('abort', abort, { once: true });
    createInterface({ input: child.stderr }).on('line', (line) => progress.line(line));
    child.once('error', reject);
    child.once('close', (code) => {
      options.signal?.removeEventListener('abort', abort);
      if (code === 0) resolve();
      else
        reject(
          new Error(`go install ended with ${code ?? 'a signal'}: ${progress.tail.join(' | ')}`),
        );
    });
  });

/**
 * Builds the Temporal CLI with the machine's Go into the cache: minutes, once.
 * @throws when there is no Go, when it is too old, or when its module proxy cannot be reached.
 */
export const buildTemporal = async (options: BuildOptions): Promise<void> => {
  const bin = mkdtempSync(join(dirname(options.target), 'build-'));
  const progress = new Progress(options.log);
  try {
    await goInstall(bin, progress, options);
    options.signal?.throwIfAborted();
    renameSync(join(bin, 'temporal'), options.target);
  } finally {
    progress.end();
    rmSync(bin, { recursive: true, force: true });
  }
};
