import { AssayError } from '../core/errors/assay-error.js';

/** gRPC status codes. */
const invalidArgument = 3;
const deadlineExceeded = 4;
const notFound = 5;
const permissionDenied = 7;
const unimplemented = 12;
const unavailable = 14;
const unauthenticated = 16;

/**
 * A failure of a call to Temporal as users see it: a server that is away, that has no such namespace, was not prepared or refuses us has a
 * code of ours, as has an address where something else answers; the rest is left as it is.
 */
export function temporalUnreachable(
  error: unknown,
  mend = 'Try again: the same request is the same work.',
): unknown {
  // The SDK knows it in some calls, of schedules for one; then nothing of gRPC is left in the error.
  if (isObject(error) && error['name'] === 'NamespaceNotFoundError') return namespaceMissing(error);
  const { code, text } = grpcFacts(error);
  switch (code) {
    case deadlineExceeded:
    case unavailable:
      return new AssayError('TEMPORAL_UNREACHABLE', 'Temporal does not answer.', {
        mend,
        cause: error,
      });
    case notFound:
      // An execution that is not found has the same status, and is no trouble of the server.
      return /namespace/i.test(text) ? namespaceMissing(error) : error;
    case invalidArgument:
      // A wrong argument of ours is a defect; a namespace that was not prepared is not.
      return /search attribute/i.test(text) ? attributesMissing(text, error) : error;
    case permissionDenied:
    case unauthenticated:
      return new AssayError('TEMPORAL_REFUSED', 'Temporal does not let this client in.', {
        mend: 'Look at what TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE point to, and at `assay doctor`.',
        cause: error,
      });
    case unimplemented:
      return new AssayError(
        'TEMPORAL_UNREACHABLE',
        'What answers is no Temporal server: it does not know the call.',
        {
          mend: 'Set TEMPORAL_ADDRESS to host:port of the gRPC front end (7233, not the UI), without a proxy in between.',
          cause: error,
        },
      );
    default:
      return error;
  }
}

function namespaceMissing(cause: unknown): AssayError {
  return new AssayError('TEMPORAL_REFUSED', 'Temporal has no namespace of this name.', {
    mend: 'Correct TEMPORAL_NAMESPACE, or make it: `assay doctor` prints the command.',
    cause,
  });
}

function attributesMissing(text: string, cause: unknown): AssayError {
  const name = /\bAssay[A-Z]\w*/.exec(text)?.[0];
  return new AssayError(
    'TEMPORAL_REFUSED',
    `The namespace does not know ${name === undefined ? 'our search attributes' : `the search attribute ${name}`}.`,
    { mend: 'Register them once: `assay doctor` prints the commands.', cause },
  );
}

/** The status and the words of the server, of the error or of what it was made from. */
function grpcFacts(error: unknown): { readonly code: unknown; readonly text: string } {
  let code: unknown;
  const texts: string[] = [];
  for (let at = error, depth = 0; isObject(at) && depth < 4; at = at['cause'], depth += 1) {
    if (typeof at['code'] === 'number') code ??= at['code'];
    for (const part of [at['message'], at['details']]) {
      if (typeof part === 'string') texts.push(part);
    }
  }
  return { code, text: texts.join(' ') };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
