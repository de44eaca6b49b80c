import { Worker } from 'node:worker_threads';

import { AssayError } from '../../core/errors/assay-error.js';
import type { Comparison } from '../../core/regression/types.js';
import { runCompareJob, type CompareJob } from './compare-job.js';
import type { CompareAnswer } from './compare-thread.js';

/** From sources there is no program that a thread could load; only tests run so. */
const fromSources = import.meta.url.endsWith('.ts');

/**
 * Compares in a thread of its own: of 200,000 cells it takes seconds without a pause, in which this process could renew no
 * lease and would lose the calls that it has paid for.
 *
 * @throws the signal's reason on abort; what the comparison throws.
 */
export function compareInThread(job: CompareJob, signal: AbortSignal): Promise<Comparison> {
  if (fromSources) return Promise.resolve(runCompareJob(job));
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const thread = new Worker(new URL('./compare-thread.js', import.meta.url), {
      workerData: job,
      name: 'assay-compare',
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 1_024 },
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
