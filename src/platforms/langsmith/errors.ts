import { AssayError } from '../../core/errors/assay-error.js';
import { isHtml, passingWait, printable } from '../http/answer-text.js';
import type { NetworkFailure } from '../http/network-failure.js';
import { retryAfterMs } from '../http/retry-after.js';
import type { HttpAnswer } from '../http/transport.js';

/** What a server said of its refusal, short and printable: it is foreign text. */
export function serverMessage(answer: HttpAnswer): string {
  if (isHtml(answer)) return 'a web page instead of an API answer';
  return printable(messageOf(answer.text) ?? answer.text);
}

// `detail` of the one half of the API, a text or a list of problems; `error` of the other.
function messageOf(text: string): string | undefined {
  const body = parsedObject(text);
  const said = body?.['detail'] ?? body?.['error'] ?? body?.['message'];
  if (said === undefined || said === null) return undefined;
  return typeof said === 'string' ? said : JSON.stringify(said);
}

export function parsedObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether an answer is the server's own word on a request: its refusals are JSON. A page, a redirect or a bare 404 comes from a
 * proxy while the server is exchanged, and passes.
 */
export function isVerdict(answer: HttpAnswer): boolean {
  const { status } = answer;
  if (status === 413) return true;
  return [400, 404, 409, 422].includes(status) && parsedObject(answer.text) !== undefined;
}

export function unreachable(baseUrl: string, failure: NetworkFailure): AssayError {
  return new AssayError(
    'PLATFORM_UNREACHABLE',
    `LangSmith at ${baseUrl} gave no answer (${failure.message}).`,
    { cause: failure, mend: 'Check LANGSMITH_ENDPOINT and that the server runs; then try again.' },
  );
}

/** The error of an answer that says nothing of the request: the server itself is away. */
export function away(baseUrl: string, answer: HttpAnswer, what: string): AssayError {
  return new AssayError(
    'PLATFORM_UNREACHABLE',
    `LangSmith at ${baseUrl} cannot answer for ${what} now (${answer.status}: ${serverMessage(answer)}).`,
    {
      mend: 'Check what stands before the server (LANGSMITH_ENDPOINT) if this lasts.',
      retryAfterMs: passingWait(answer, Date.now()),
    },
  );
}

function unauthorized(baseUrl: string, answer: HttpAnswer): AssayError {
  return new AssayError(
    'PLATFORM_UNAUTHORIZED',
    `LangSmith at ${baseUrl} refuses the key (${answer.status}: ${serverMessage(answer)}).`,
    {
      mend: answer.text.includes('org_scoped_key_requires_workspace')
        ? 'The key is of an organisation: set LANGSMITH_WORKSPACE_ID to the workspace.'
        : 'Set LANGSMITH_API_KEY to a key of this server (LANGSMITH_ENDPOINT), and LANGSMITH_WORKSPACE_ID to a workspace that it may use.',
    },
  );
}

/** The error of an answer with an error status. `what` says what was asked, such as `the dataset "tickets"`. */
export function statusError(baseUrl: string, answer: HttpAnswer, what: string): AssayError {
  const { status } = answer;
  if (status === 401 || status === 403) return unauthorized(baseUrl, answer);
  const header = answer.header('retry-after');
  if (status === 429 || status >= 500) {
    return new AssayError(
      'PLATFORM_UNREACHABLE',
      `LangSmith at ${baseUrl} cannot answer for ${what} now (${status}: ${serverMessage(answer)}).`,
      {
        mend: 'Try again later.',
        ...(status === 429 || header !== undefined
          ? { retryAfterMs: retryAfterMs(header, Date.now()) }
          : {}),
      },
    );
  }
  return new AssayError(
    'PLATFORM_REFUSED',
    `LangSmith at ${baseUrl} refuses ${what} (${status}: ${serverMessage(answer)}).`,
    {
      mend: isVerdict(answer)
        ? 'Read what the server says and change the content accordingly.'
        : 'Check that LANGSMITH_ENDPOINT is the address of the API itself, such as https://api.smith.langchain.com.',
    },
  );
}
