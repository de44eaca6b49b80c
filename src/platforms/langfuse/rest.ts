import type { z } from 'zod';

import { AssayError } from '../../core/errors/assay-error.js';
import { away, errorKind, isVerdict, statusError, unreachable } from './errors.js';
import { isJson } from '../http/answer-text.js';
import { NetworkFailure } from '../http/network-failure.js';
import type { LangfuseSettings } from './options.js';
import { paced } from '../http/pacing.js';
import { throwIfCancelled } from '../http/stopped.js';
import type { HttpAnswer, Transport } from '../http/transport.js';

/** A call of the REST API. */
export interface RestCall {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Encoded, below the base URL. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** What is asked, for messages: `the dataset "tickets"`. */
  readonly what: string;
  readonly signal: AbortSignal;
  /** Asked in the moment in which the request leaves; where it says no, nothing is sent and no answer came. */
  readonly mayLeave?: () => boolean;
}

/** The REST API of a Langfuse server: JSON in, checked JSON out, every failure an AssayError. */
export interface Rest {
  readonly baseUrl: string;
  /** The answer whatever its status. Throws only where none came. */
  readonly answer: (call: RestCall) => Promise<HttpAnswer>;
  /** The body of a good answer. */
  readonly read: <T extends z.ZodType>(call: RestCall, schema: T) => Promise<z.output<T>>;
  /** As `read`, with undefined where the thing does not exist. */
  readonly find: <T extends z.ZodType>(
    call: RestCall,
    schema: T,
  ) => Promise<z.output<T> | undefined>;
  /** The body of an answer already there. */
  readonly parse: <T extends z.ZodType>(
    answer: HttpAnswer,
    call: RestCall,
    schema: T,
  ) => z.output<T>;
}

/**
 * @param place `known` for calls amid a run, of a server that has answered before: what is no answer of Langfuse is then a
 *   passing fault (PLATFORM_UNREACHABLE), and not a wrong address.
 */
export function createRest(
  settings: LangfuseSettings,
  transport: Transport,
  place: 'new' | 'known' = 'new',
): Rest {
  const { baseUrl } = settings;

  const answer = async (call: RestCall): Promise<HttpAnswer> => {
    try {
      return await paced(settings.pacer, call, () =>
        transport.exchange({
          method: call.method ?? 'GET',
          path: `${call.path}${queryText(call.query ?? {})}`,
          signal: call.signal,
          mayLeave: call.mayLeave,
          ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        }),
      );
    } catch (error) {
      throwIfCancelled(call.signal);
      if (error instanceof NetworkFailure) throw unreachable(baseUrl, error);
      throw error;
    }
  };

  const parse: Rest['parse'] = (given, call, schema) => {
    if (place === 'known' && isPassing(given)) throw away(baseUrl, given, call.what);
    if (given.status < 200 || given.status > 299) throw statusError(baseUrl, given, call.what);
    return parseBody(given, schema, () => `Langfuse at ${baseUrl} answers for ${call.what}`);
  };

  return {
    baseUrl,
    answer,
    parse,
    read: async (call, schema) => parse(await answer(call), call, schema),
    find: async (call, schema) => {
      const given = await answer(call);
      // An HTML 404 is a wrong address, and a mode's 404 a wrong server: neither says that the thing is missing.
      if (given.status === 404 && errorKind(given) === 'LangfuseNotFoundError') return undefined;
      return parse(given, call, schema);
    },
  };
}

// 401, 403, 429 and 5xx have errors of their own.
function isPassing(answer: HttpAnswer): boolean {
  const { status } = answer;
  if (status >= 200 && status < 300) return !isJson(answer.text);
  return status < 500 && ![401, 403, 429].includes(status) && !isVerdict(answer);
}

function queryText(query: Readonly<Record<string, string | number | undefined>>): string {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function parseBody<T extends z.ZodType>(
  answer: HttpAnswer,
  schema: T,
  subject: () => string,
): z.output<T> {
  let body: unknown;
  try {
    body = JSON.parse(answer.text);
  } catch (error) {
    throw notUnderstood(`${subject()} with something that is not JSON.`, error);
  }
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => ({
    at: issue.path.join('.'),
    message: issue.message,
  }));
  throw new AssayError('PLATFORM_REFUSED', `${subject()} in a form that is not known.`, {
    problems,
    mend: 'Check that LANGFUSE_HOST is a Langfuse server of a supported version (`assay doctor`).',
    cause: result.error,
  });
}

function notUnderstood(message: string, cause: unknown): AssayError {
  return new AssayError('PLATFORM_REFUSED', message, {
    cause,
    mend: 'Check that LANGFUSE_HOST is the address of a Langfuse server itself.',
  });
}
