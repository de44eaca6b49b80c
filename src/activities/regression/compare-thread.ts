import { parentPort, workerData } from 'node:worker_threads';

import { AssayError, type ErrorDocument } from '../../core/errors/assay-error.js';
import type { Comparison } from '../../core/regression/types.js';
import { runCompareJob, type CompareJob } from './compare-job.js';

/** What the thread answers: a coded error would lose its code on the way between threads. */
export type CompareAnswer =
  { readonly comparison: Comparison } | { readonly refused: ErrorDocument };

// The program of the thread that compares: one job, one answer.
parentPort?.postMessage(answerOf(workerData as CompareJob));

function answerOf(job: CompareJob): CompareAnswer {
  try {
    return { comparison: runCompareJob(job) };
  } catch (error) {
    if (!AssayError.is(error)) throw error;
    return { refused: error.toJSON() };
  }
}
