import { messageOf } from './error-facts.js';
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { logTail, openLog } from './child-log.js';
import { AssayError } from '../core/errors/assay-error.js';
import {
  endProcess,
  identify,
  isSameProcess,
  type ProcessIdentity,
  type StopStep,
} from './process-facts.js';

/** A program to run under supervision, and how to know that it serves. */
export interface ChildSpec {
  /** The service's name, in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Run as this account (root only). */
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
  readonly logFile: string;
  /** Asks the service for real; rejects while it is not ready. */
  readonly probe: (signal: AbortSignal) => Promise<void>;
  readonly readyTimeoutMs: number;
  /** Signals of an ordered stop, in turn; SIGKILL follows the last. */
  readonly stopSteps: readonly StopStep[];
  /** Runs before each spawn: clears what a crash left. */
  readonly beforeSpawn?: () => Promise<void>;
  /** Sees each line that the child prints (its stdout then is a pipe, so it must not outlive us). */
  readonly onLine?: (line: string) => void;
  /** Called whenever another process takes the place of the last one. */
  readonly onProcess?: (identity: ProcessIdentity | undefined) => void;
  readonly log: (line: string) => void;
}

const RESTART_FIRST_MS = 200;
const RESTART_MAX_MS = 10_000;
/** Up this long, a crash is a new story: the backoff begins anew. */
const STABLE_AFTER_MS = 60_000;
const ADOPTED_POLL_MS = 200;

/**
 * A child process that is kept running: started once with its readiness awaited, started again with
 * growing pauses when it dies, and stopped in order. A first start that fails is an error, not a retry.
 */
export class SupervisedChild {
  readonly #spec: ChildSpec;
  #identity: ProcessIdentity | undefined;
  #wanted = false;
  #ended: Promise<void> = Promise.resolve();
  #supervision: Promise<void> = Promise.resolve();
  #wake = new AbortController();

  constructor(spec: ChildSpec) {
    this.#spec = spec;
  }

  /** The process that runs now, undefined when none does. */
  get identity(): ProcessIdentity | undefined {
    return this.#identity !== undefined && isSameProcess(this.#identity)
      ? this.#identity
      : undefined;
  }

  /**
   * Starts the child and waits until it serves.
   * @throws AssayError CHILD_NOT_READY when it ends or stays silent; it runs no more then.
   */
  async start(signal?: AbortSignal): Promise<void> {
    await this.#begin(() => this.#spawn(), signal);
  }

  /** Takes over a process that runs already (left behind by a killed parent) and waits until it serves. */
  async adopt(identity: ProcessIdentity, signal?: AbortSignal): Promise<void> {
    const watch = (): Promise<void> => {
      this.#watchAdopted(identity);
      return Promise.resolve();
    };
    await this.#begin(watch, signal);
  }

  /** Ends the child in order and keeps it down. Safe to call twice, and when it never ran. */
  async stop(): Promise<void> {
    await this.#dismiss();
    await this.#end(this.#spec.stopSteps);
  }

  /** SIGKILL, as a crash would; supervision then starts it again, if it may. For chaos tests. */
  async kill(options: { readonly restart?: boolean } = {}): Promise<void> {
    if (options.restart === false) await this.#dismiss();
    await this.#end([]);
  }

  /** An ordered stop, then a start, on the same port and data. */
  async restart(signal?: AbortSignal): Promise<void> {
    await this.stop();
    await this.start(signal);
  }

  /** Waits until the child serves, after a kill for instance. */
  async ready(signal?: AbortSignal): Promise<void> {
    await this.#awaitReady(signal, { failOnExit: false });
  }

  async #begin(launch: () => Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    this.#wake = new AbortController();
    await launch();
    try {
      await this.#awaitReady(signal, { failOnExit: true });
    } catch (error) {
      await this.#end(this.#spec.stopSteps);
      throw error;
    }
    this.#wanted = true;
    this.#supervision = this.#supervise();
  }

  /** Ends the supervision, not the process. */
  async #dismiss(): Promise<void> {
    this.#wanted = false;
    this.#wake.abort();
    await this.#supervision;
  }

  async #end(steps: readonly StopStep[]): Promise<void> {
    if (this.#identity !== undefined) await endProcess(this.#identity, steps);
    await this.#ended;
  }

  async #spawn(): Promise<void> {
    const spec = this.#spec;
    await spec.beforeSpawn?.();
    const log = openLog(spec.logFile);
    try {
      const child = spawn(spec.command, spec.args, {
        // A group of its own: Ctrl-C in the terminal reaches us alone, and we stop in order.
        detached: true,
        stdio: ['ignore', spec.onLine === undefined ? log : 'pipe', log],
        ...(spec.env === undefined ? {} : { env: spec.env }),
        ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
        ...spec.account,
      });
      this.#watchSpawned(child);
    } finally {
      closeSync(log);
    }
  }

  #watchSpawned(child: ChildProcess): void {
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', (error) => {
        this.#spec.log(`${this.#spec.name}: ${error.message}`);
        resolve();
      });
    });
    this.#forwardLines(child);
    this.#setIdentity(child.pid === undefined ? undefined : identify(child.pid));
  }

  #forwardLines(child: ChildProcess): void {
    const { onLine } = this.#spec;
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine?.(line);
    });
    child.stdout?.on('error', () => undefined);
  }

  #watchAdopted(identity: ProcessIdentity): void {
    this.#setIdentity(identity);
    this.#ended = (async () => {
      while (isSameProcess(identity)) await sleep(ADOPTED_POLL_MS);
    })();
  }

  #setIdentity(identity: ProcessIdentity | undefined): void {
    this.#identity = identity;
    this.#spec.onProcess?.(identity);
  }

  async #supervise(): Promise<void> {
    let pauseMs = RESTART_FIRST_MS;
    while (this.#isWanted()) {
      const startedAt = performance.now();
      await Promise.race([this.#ended, this.#woken()]);
      if (!this.#isWanted()) return;
      if (performance.now() - startedAt > STABLE_AFTER_MS) pauseMs = RESTART_FIRST_MS;
      this.#spec.log(`${this.#spec.name} ended by itself, starting it again in ${pauseMs} ms`);
      await Promise.race([sleep(pauseMs), this.#woken()]);
      if (!this.#isWanted()) return;
      pauseMs = Math.min(pauseMs * 2, RESTART_MAX_MS);
      await this.#again();
    }
  }

  /** One more start; its failure is logged, and the loop sees the ended process and waits longer. */
  async #again(): Promise<void> {
    try {
      await this.#spawn();
      await this.#awaitReady(this.#wake.signal, { failOnExit: true });
      this.#spec.log(`${this.#spec.name} serves again`);
    } catch (error) {
      if (!this.#isWanted()) return;
      this.#spec.log(messageOf(error));
      await this.#end(this.#spec.stopSteps);
    }
  }

  // A method, so that the compiler does not take the field for unchanged across an await.
  #isWanted(): boolean {
    return this.#wanted;
  }

  #woken(): Promise<void> {
    const { signal } = this.#wake;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async #awaitReady(
    signal: AbortSignal | undefined,
    options: { readonly failOnExit: boolean },
  ): Promise<void> {
    const timeout = AbortSignal.timeout(this.#spec.readyTimeoutMs);
    const limit = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    let pauseMs = 25;
    let cause: unknown;
    while (!limit.aborted) {
      if (options.failOnExit && this.identity === undefined) throw this.#notReady('ended', cause);
      try {
        await this.#spec.probe(limit);
        return;
      } catch (error) {
        cause = error;
      }
      await sleep(pauseMs, undefined, { signal: limit }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 1.5, 250);
    }
    signal?.throwIfAborted();
    throw this.#notReady(`did not answer within ${this.#spec.readyTimeoutMs / 1000} s`, cause);
  }

  #notReady(what: string, cause: unknown): AssayError {
    const { name, logFile } = this.#spec;
    const tail = logTail(logFile);
    return new AssayError(
      'CHILD_NOT_READY',
      `${name} ${what} before it served.${tail === '' ? '' : ` Its last lines:\n${tail}`}`,
      { mend: `Read ${logFile}.`, cause },
    );
  }
}
