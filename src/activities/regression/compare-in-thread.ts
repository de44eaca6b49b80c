import { Worker } from 'node:worker_threads';

import { AssayError } from '../../core/errors/assay-error.js';
import type { Comparison } from '../../core/regression/types.js';
import { runCompareJob, type CompareJob } from './compare-job.js';
import type { CompareAnswer } from './compare-thread.js';
import { createTurns } from './turns.js';

/** From sources there is no program that a thread could load; only tests run so. */
const fromSources = import.meta.url.endsWith('.ts');

// A worker has two dozen activities at once, and a thread takes up to a gigabyte and a core.
const inTurn = createTurns();

/**
 * Compares in a thread of its own: of 200,000 cells it takes seconds without a pause, in which this process could renew no
 * lease and would lose the calls that it has paid for. One comparison at a time.
 *
 * @throws the signal's reason on abort; AssayError GATE_COMPARISON_FAILED, or what the comparison refuses with: the same
 *   numbers come to the same end, so that nothing of it is to be tried again.
 */
export function compareInThread(job: CompareJob, signal: AbortSignal): Promise<Comparison> {
  return inTurn(async () => {
    signal.throwIfAborted();
    try {
      return fromSources ? runCompareJob(job) : await inThread(job, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (AssayError.is(error)) throw error;
      throw comparisonFailed(error);
    }
  });
}

function comparisonFailed(error: unknown): AssayError {
  const isTooLarge = (error as { readonly code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY';
  return new AssayError(
    'GATE_COMPARISON_FAILED',
    isTooLarge
      ? `The comparison needs more than ${memoryMb} MB.`
      : `The comparison ended with: ${error instanceof Error ? error.message : String(error)}`,
    {
      cause: error,
      mend: isTooLarge
        ? 'Compare fewer evaluators, slices or items.'
        : 'This is a defect: report it with the policy of the gate.',
    },
  );
}

const memoryMb = 1_024;

function inThread(job: CompareJob, signal: AbortSignal): Promise<Comparison> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./compare-thread.js', import.meta.url), {
      workerData: job,
      name: 'assay-compare',
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    });
    const abort = (): void => void thread.terminate();
    signal.addEventListener('abort', abort, { once: true });
    thread.once('message', (answer: CompareAnswer) => {
      if ('refused' in answer) reject(AssayError.from(answer.refused));
      else resolve(answer.comparison);
    });
    thread.once('error', reject);
    thread.once('exit', (code) => {
      signal.removeEventListener('abort', abort);
      // After a message or an error this settles nothing any more.
      const reason: unknown = signal.reason;
      reject(
        reason instanceof Error ? reason : new Error(`The comparison ended with code ${code}.`),
      );
    });
  });
}
