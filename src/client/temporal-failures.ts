import { AssayError } from '../core/errors/assay-error.js';

/** A failure of a call to Temporal as users see it: a server that is away has a code; the rest is left as it is. */
export function temporalUnreachable(
  error: unknown,
  mend = 'Try again: the same request is the same work.',
): unknown {
  const code =
    (error as { code?: unknown }).code ?? (error as { cause?: { code?: unknown } }).cause?.code;
  // gRPC: 4 deadline exceeded, 14 unavailable.
  if (code !== 14 && code !== 4) return error;
  return new AssayError('TEMPORAL_UNREACHABLE', 'Temporal does not answer.', {
    mend,
    cause: error,
  });
}
