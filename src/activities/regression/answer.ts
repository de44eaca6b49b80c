import { AssayError } from '../../core/errors/assay-error.js';

/** Whether an error is what somebody waits for as an answer: it is told, and not tried again. */
export const isAnswer = (error: unknown): error is AssayError =>
  AssayError.is(error) && error.entry.retry === 'never' && error.retryAfterMs === undefined;
