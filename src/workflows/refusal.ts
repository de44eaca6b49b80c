import { ApplicationFailure } from '@temporalio/workflow';

import { AssayError, type ErrorDocument } from '../core/errors/assay-error.js';
import type { ErrorCode } from '../core/errors/catalogue.js';

/** What an update is refused with. */
export function refusal(
  code: ErrorCode,
  message: string,
  options: { readonly mend?: string } = {},
): Error {
  return failureOf(new AssayError(code, message, options).toJSON());
}

/** The failure of an update: its type is the code, its details the whole document. */
export function failureOf(document: ErrorDocument): ApplicationFailure {
  return ApplicationFailure.create({
    message: document.message,
    type: document.code,
    nonRetryable: true,
    details: [document],
  });
}
