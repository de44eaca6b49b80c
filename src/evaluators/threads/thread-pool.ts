import { Worker } from 'node:worker_threads';

import { threadSource, type ThreadJob } from './thread-source.js';

/** How a job ended. A job that could not run at all rejects. */
export type ThreadOutcome =
  { readonly kind: 'answer'; readonly value: unknown } | { readonly kind: 'timeout' };

/** A few threads for work that a user's pattern can make endless: one that takes too long is ended and replaced. */
export interface ThreadPool {
  /**
   * Runs a job; `timeoutMs` counts from when the thread began with it, so neither the queue nor the start of a
   * thread is held against a pattern.
   *
   * @throws the signal's reason on abort; an Error where the job throws or the thread dies (memory)
   */
  run(
    job: ThreadJob,
    limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<ThreadOutcome>;
  /** How many threads there are now, busy or idle. */
  size(): number;
  /** Ends all threads; jobs that run or wait are rejected. The pool can be used again afterwards. */
  close(): Promise<void>;
}

type Settled = ThreadOutcome | { readonly kind: 'failure'; readonly error: unknown };

interface Task {
  readonly job: ThreadJob;
  readonly timeoutMs: number;
  readonly clock: SharedArrayBuffer;
  readonly settle: (outcome: Settled) => void;
}

interface Thread {
  readonly worker: Worker;
  task: Task | undefined;
  timer: NodeJS.Timeout | undefined;
}

const waiting = 0;
const atWork = 1;

/**
 * Creates a pool. Threads start with the first job, do not keep the process alive while idle, and end after `idleMs`
 * without work. They get no environment and no arguments of the process: there is nothing in them to leak.
 */
export function createThreadPool(options: {
  readonly size: number;
  readonly idleMs: number;
}): ThreadPool {
  const threads = new Set<Thread>();
  const queue: Task[] = [];

  const start = (): Thread => {
    const worker = new Worker(threadSource, {
      eval: true,
      name: 'assay-evaluators',
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    });
    const thread: Thread = { worker, task: undefined, timer: undefined };
    const died = (error: unknown): void => {
      if (!threads.has(thread)) return;
      release(thread, { kind: 'failure', error });
      void end(thread);
      pump();
    };
    worker.on('message', (answer: { value?: unknown; error?: string }) => {
      release(
        thread,
        answer.error === undefined
          ? { kind: 'answer', value: answer.value }
          : { kind: 'failure', error: new Error(answer.error) },
      );
      pump();
    });
    worker.on('error', died);
    worker.on('exit', (code) => died(new Error(`The thread ended with code ${code}.`)));
    threads.add(thread);
    return thread;
  };

  const end = async (thread: Thread): Promise<void> => {
    threads.delete(thread);
    clearTimeout(thread.timer);
    await thread.worker.terminate();
  };

  // Settles the thread's task and makes the thread free; harmless where it has none.
  const release = (thread: Thread, outcome: Settled): void => {
    const { task } = thread;
    thread.task = undefined;
    clearTimeout(thread.timer);
    thread.worker.unref();
    thread.timer = setTimeout(() => void end(thread), options.idleMs).unref();
    task?.settle(outcome);
  };

  const stop = (thread: Thread, outcome: Settled): void => {
    release(thread, outcome);
    void end(thread);
    pump();
  };

  const watch = (thread: Thread, task: Task, afterMs: number): void => {
    thread.timer = setTimeout(() => {
      const state = Atomics.load(new Int32Array(task.clock, 0, 1), 0);
      const begun = new Float64Array(task.clock, 8, 1)[0] ?? 0;
      const left = state === waiting ? task.timeoutMs : begun + task.timeoutMs - Date.now();
      if (state === atWork && left <= 0) stop(thread, { kind: 'timeout' });
      // Done: the answer is on its way, this process was only too busy to take it. Not begun: the clock has not started.
      else if (state === atWork || state === waiting) watch(thread, task, Math.max(1, left));
    }, afterMs);
  };

  const pump = (): void => {
    while (queue.length > 0) {
      const free = [...threads].find((thread) => thread.task === undefined);
      if (free === undefined && threads.size >= options.size) return;
      const task = queue.shift();
      if (task === undefined) return;
      const thread = free ?? start();
      clearTimeout(thread.timer);
      thread.task = task;
      thread.worker.ref();
      watch(thread, task, task.timeoutMs);
      thread.worker.postMessage({ job: task.job, clock: task.clock });
    }
  };

  const withdraw = (task: Task, error: unknown): void => {
    const at = queue.indexOf(task);
    if (at >= 0) queue.splice(at, 1);
    const thread = [...threads].find((candidate) => candidate.task === task);
    if (thread === undefined) task.settle({ kind: 'failure', error });
    else stop(thread, { kind: 'failure', error });
  };

  return {
    run: (job, { timeoutMs, signal }) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const abort = (): void => withdraw(task, signal.reason);
        const task: Task = {
          job,
          timeoutMs,
          clock: new SharedArrayBuffer(16),
          settle: (outcome) => {
            signal.removeEventListener('abort', abort);
            // An abort's reason is passed on as it is, whatever it is.
            // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
            if (outcome.kind === 'failure') reject(outcome.error);
            else resolve(outcome);
          },
        };
        signal.addEventListener('abort', abort, { once: true });
        queue.push(task);
        pump();
      }),
    size: () => threads.size,
    close: async () => {
      const closed: Settled = { kind: 'failure', error: new Error('The thread pool was closed.') };
      for (const task of queue.splice(0)) task.settle(closed);
      const all = [...threads];
      for (const thread of all) release(thread, closed);
      await Promise.all(all.map(end));
    },
  };
}

/** The pool that all evaluators of this process share. */
export const sharedThreads: ThreadPool = createThreadPool({ size: 2, idleMs: 10_000 });
