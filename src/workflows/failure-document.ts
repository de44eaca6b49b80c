import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';

import { toErrorDocument, type ErrorDocument } from '../core/errors/assay-error.js';
import { catalogueEntry, isErrorCode } from '../core/errors/catalogue.js';

/** The error document inside a failure that came through Temporal. */
export function failureDocument(error: unknown): ErrorDocument {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const [document] = (cause.details ?? []) as (ErrorDocument | undefined)[];
    if (document !== undefined) return document;
    const code = cause.type ?? '';
    if (isErrorCode(code)) {
      return { code, title: catalogueEntry(code).title, message: cause.message, problems: [] };
    }
  }
  return toErrorDocument(cause);
}
