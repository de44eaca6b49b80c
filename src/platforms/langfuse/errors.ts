import { AssayError } from '../../core/errors/assay-error.js';
import { isHtml, passingWait, printable } from '../http/answer-text.js';
import type { HttpAnswer } from '../http/transport.js';
import type { NetworkFailure } from '../http/network-failure.js';
import { retryAfterMs } from '../http/retry-after.js';

/** What a server said of its refusal, short and printable: it is foreign text. */
export function serverMessage(answer: HttpAnswer): string {
  if (isHtml(answer)) return 'a web page instead of an API answer';
  return printable(messageOf(answer.text) ?? answer.text);
}

/**
 * Whether an answer is the server's own word on the content of a request. It answers 400 and 422 in JSON; a page, a redirect
 * or a 404 comes from a proxy while the server is exchanged, and passes. No such page comes as a 413: that is the
 * server's own in plain text, or a proxy's with a smaller limit, and smaller requests help against both.
 */
export function isVerdict(answer: HttpAnswer): boolean {
  const { status } = answer;
  if (status === 413) return true;
  return (status === 400 || status === 422) && !isHtml(answer) && parsed(answer.text) !== undefined;
}

/** The error of an answer that says nothing of the request: the server itself is away. */
export function away(baseUrl: string, answer: HttpAnswer, what: string): AssayError {
  return new AssayError(
    'PLATFORM_UNREACHABLE',
    `Langfuse at ${baseUrl} cannot answer for ${what} now (${answer.status}: ${serverMessage(answer)}).`,
    {
      mend: 'Check what stands before the server (LANGFUSE_HOST) if this lasts.',
      retryAfterMs: passingWait(answer, Date.now()),
    },
  );
}

/** The kind that typed errors name, such as `LangfuseNotFoundError`. */
export function errorKind(answer: HttpAnswer): string | undefined {
  const body = parsed(answer.text);
  return typeof body?.['error'] === 'string' ? body['error'] : undefined;
}

function messageOf(text: string): string | undefined {
  const body = parsed(text);
  for (const value of [body?.['message'], body?.['error']]) {
    if (typeof value === 'string') return value;
  }
  return undefined;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

export function unreachable(baseUrl: string, failure: NetworkFailure): AssayError {
  return new AssayError(
    'PLATFORM_UNREACHABLE',
    `Langfuse at ${baseUrl} gave no answer (${failure.message}).`,
    { cause: failure, mend: 'Check LANGFUSE_HOST and that the server runs; then try again.' },
  );
}

export function unauthorized(baseUrl: string, answer: HttpAnswer): AssayError {
  return new AssayError(
    'PLATFORM_UNAUTHORIZED',
    `Langfuse at ${baseUrl} refuses the keys (${answer.status}: ${serverMessage(answer)}).`,
    {
      mend: 'Set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY to keys of one project on this server (LANGFUSE_HOST).',
    },
  );
}

/** The error of an answer with an error status. `what` says what was asked, such as `the dataset "tickets"`. */
export function statusError(baseUrl: string, answer: HttpAnswer, what: string): AssayError {
  const { status } = answer;
  if (status === 401 || status === 403) return unauthorized(baseUrl, answer);
  if (status === 429 || status >= 500) {
    return new AssayError(
      'PLATFORM_UNREACHABLE',
      `Langfuse at ${baseUrl} cannot answer for ${what} now (${status}: ${serverMessage(answer)}).`,
      {
        mend: 'Try again later.',
        ...(status === 429 || answer.header('retry-after') !== undefined
          ? { retryAfterMs: retryAfterMs(answer.header('retry-after'), Date.now()) }
          : {}),
      },
    );
  }
  return new AssayError(
    'PLATFORM_REFUSED',
    `Langfuse at ${baseUrl} refuses ${what} (${status}: ${serverMessage(answer)}).`,
    { mend: refusalMend(answer) },
  );
}

function refusalMend(answer: HttpAnswer): string {
  if (isHtml(answer) || (answer.status >= 300 && answer.status < 400)) {
    return 'Check that LANGFUSE_HOST is the address of a Langfuse server itself, with its scheme and path.';
  }
  if (answer.status === 413) return 'Make the content smaller: the server takes 4.5 MB a request.';
  return 'Read what the server says and change the content accordingly.';
}
