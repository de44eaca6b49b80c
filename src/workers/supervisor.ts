import { spawn, type ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { WorkerProcessOptions } from './main.js';

export interface SupervisorOptions extends Omit<WorkerProcessOptions, 'parentPid'> {
  /** How many worker processes. Default 1. */
  readonly count?: number;
  /** The variables of the workers: connections and what `env:NAME` refers to. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The worker's entry point. Default: main.js beside this file. */
  readonly entry?: string;
  /** One line of a worker's log, as it came. */
  readonly onLog: (line: string) => void;
  /** A worker ended without being asked to. */
  readonly onCrash?: (crash: {
    readonly pid: number | undefined;
    readonly code: number | null;
    readonly signal: string | null;
  }) => void;
}

/** Worker processes that are started again when they end unasked. */
export interface SupervisedWorkers {
  /** Resolves when every worker has said once that it is ready; rejects where one ends before. */
  readonly ready: Promise<void>;
  readonly pids: readonly number[];
  /** Whether every worker polls right now: false while one that crashed has not come back. */
  readonly allReady: boolean;
  /** SIGTERM to all, SIGKILL to what is left after the grace. */
  stop(): Promise<void>;
}

/** A little more than a worker gives its cells. */
const stopGraceMs = 30_000;
const restartAfterMs = 500;
const restartAtMostMs = 15_000;
/** A worker that ran this long was well: its next crash starts the backoff anew. */
const wellAfterMs = 30_000;

/** Starts worker processes and keeps them running: a crash of one is a matter of seconds. */
export function superviseWorkers(options: SupervisorOptions): SupervisedWorkers {
  const slots = Array.from({ length: options.count ?? 1 }, () => superviseOne(options));
  return {
    ready: Promise.all(slots.map((slot) => slot.ready)).then(() => undefined),
    get pids() {
      return slots.flatMap((slot) => slot.pid() ?? []);
    },
    get allReady() {
      return slots.every((slot) => slot.isReady());
    },
    async stop() {
      await Promise.all(slots.map((slot) => slot.stop()));
    },
  };
}

interface Slot {
  readonly ready: Promise<void>;
  pid(): number | undefined;
  isReady(): boolean;
  stop(): Promise<void>;
}

function superviseOne(options: SupervisorOptions): Slot {
  let child: ChildProcess | undefined;
  // Of the process that runs now.
  let seen = { ready: false };
  const stopped = new AbortController();
  const stopping = (): boolean => stopped.signal.aborted;
  let markReady: () => void = () => undefined;
  let markFailed: (error: Error) => void = () => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    markReady = resolve;
    markFailed = reject;
  });
  ready.catch(() => undefined);

  const loop = async (): Promise<void> => {
    let backoff = restartAfterMs;
    let first = true;
    while (!stopping()) {
      const started = performance.now();
      child = spawnWorker(options);
      const mine = { ready: false };
      seen = mine;
      const { pid } = child;
      readLines(child.stdout, (line) => options.onLog(printedLine(pid, line)));
      const last = readLines(child.stderr, (line) => {
        if (line.includes('"ready":true')) {
          mine.ready = true;
          markReady();
        }
        options.onLog(line);
      });
      const { code, signal } = await exitOf(child);
      const wasReady = mine.ready;
      mine.ready = false;
      if (stopping()) return;
      if (first && !wasReady) {
        // A worker that cannot start will not start by repetition: a config or a key is wrong.
        markFailed(new WorkerStartError(code, last()));
        return;
      }
      first = false;
      options.onCrash?.({ pid: child.pid, code, signal });
      if (performance.now() - started > wellAfterMs) backoff = restartAfterMs;
      await wait(backoff, undefined, { signal: stopped.signal }).catch(() => undefined);
      backoff = Math.min(backoff * 2, restartAtMostMs);
    }
  };
  const running = loop();

  return {
    ready,
    pid: () => child?.pid,
    isReady: () => seen.ready,
    async stop() {
      stopped.abort();
      const target = child;
      if (target?.exitCode === null && target.signalCode === null) {
        target.kill('SIGTERM');
        const kill = setTimeout(() => target.kill('SIGKILL'), stopGraceMs);
        await exitOf(target);
        clearTimeout(kill);
      }
      await running;
    },
  };
}

/** A worker that ended before it was ready, with the last line that it logged. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
  readonly exitCode: number | null;
  /** The last line of its log: a JSON document with the error. */
  readonly lastLine: string;

  constructor(exitCode: number | null, lastLine: string) {
    super('The worker ended before it was ready.');
    this.exitCode = exitCode;
    this.lastLine = lastLine;
  }
}

// The objects of a cell live for as long as its call: with V8's default of 16 MB for young ones most are moved twice before they
// die, which was a tenth of a worker's CPU. Some of them are old by then, and V8 lets 70 MB of what lives grow to 200 before it
// looks again: told to look sooner, it stays a quarter smaller.
const nodeOptions = [
  '--enable-source-maps',
  '--max-semi-space-size=32',
  '--heap-growing-percent=70',
] as const;

// glibc keeps what each thread has freed in an arena of its own, up to eight a core: 40 MB of a worker.
const allocator = { MALLOC_ARENA_MAX: '2' } as const;

function spawnWorker(options: SupervisorOptions): ChildProcess {
  const { folder, roles, blockedAfterMs, logLevel } = options;
  const own: WorkerProcessOptions = {
    folder,
    parentPid: process.pid,
    ...(roles === undefined ? {} : { roles }),
    ...(blockedAfterMs === undefined ? {} : { blockedAfterMs }),
    ...(logLevel === undefined ? {} : { logLevel }),
  };
  const entry = options.entry ?? join(dirname(fileURLToPath(import.meta.url)), 'main.js');
  return spawn(process.execPath, [...nodeOptions, entry], {
    cwd: folder,
    env: { ...allocator, ...options.environment, ASSAY_WORKER_OPTIONS: JSON.stringify(own) },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C at the terminal reaches the supervisor, which stops its workers in order.
    detached: true,
  });
}

/** Longer lines of user code are cut: a log is no place for whole documents. */
const longestPrinted = 4_000;
const mostUnended = 1_000_000;

/** What user code printed, in the form of our own log. */
function printedLine(pid: number | undefined, text: string): string {
  const cut = text.length > longestPrinted ? `${text.slice(0, longestPrinted)}…` : text;
  return JSON.stringify({
    level: 30,
    time: Date.now(),
    pid,
    text: cut,
    msg: 'printed by user code',
  });
}

/** @returns a function that gives the last line. */
function readLines(stream: Readable | null, onLine: (line: string) => void): () => string {
  let rest = '';
  let last = '';
  stream?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    // Text without an end of line must not fill the memory.
    if (rest.length > mostUnended) {
      lines.push(rest);
      rest = '';
    }
    for (const line of lines) {
      if (line === '') continue;
      last = line;
      onLine(line);
    }
  });
  return () => last;
}

function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode });
  }
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 70, signal: null }));
  });
}
