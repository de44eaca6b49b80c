import { AssayError } from '../../core/errors/assay-error.js';

/**
 * Whether an error is what somebody waits for as an answer: it is told, and not tried again. So is that the worker lacks keys:
 * another one may have them, but whoever asks would wait for it in silence.
 */
export const isAnswer = (error: unknown): error is AssayError =>
  AssayError.is(error) &&
  error.retryAfterMs === undefined &&
  (error.entry.retry === 'never' || error.code === 'PLATFORM_NOT_CONFIGURED');
