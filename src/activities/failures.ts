import { ApplicationFailure } from '@temporalio/common';

import { AssayError } from '../core/errors/assay-error.js';

/**
 * The failure that Temporal sees: its type is our stable code, its details the whole document. What is final by the
 * catalogue is not retried; a known wait becomes the delay of the next try.
 */
export function toApplicationFailure(error: unknown): unknown {
  if (!AssayError.is(error)) return error;
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    // A known wait says that the same call can succeed later, whatever the catalogue says of the code in general: another
    // worker may have the right code, or the row may be written by then.
    nonRetryable: error.entry.retry === 'never' && error.retryAfterMs === undefined,
    details: [error.toJSON()],
    ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
  });
}

/** Wraps activities so that errors of ours cross to Temporal in their stable form. */
export function withFailures<Activities extends object>(activities: Activities): Activities {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await (activity as (...args: unknown[]) => Promise<unknown>)(...args);
      } catch (error) {
        throw toApplicationFailure(error);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as Activities;
}
