import type { z } from 'zod';

import { AssayError } from '../../core/errors/assay-error.js';
import { isJson } from '../http/answer-text.js';
import { NetworkFailure } from '../http/network-failure.js';
import { paced } from '../http/pacing.js';
import { throwIfCancelled } from '../http/stopped.js';
import type { HttpAnswer, HttpRequest, Transport } from '../http/transport.js';
import { patiently } from '../patience.js';
import { away, isVerdict, statusError, unreachable } from './errors.js';
import type { LangsmithSettings } from './options.js';

type QueryValue = string | number | boolean | readonly string[] | undefined;

export interface RestCall {
  readonly method?: HttpRequest['method'];
  /** Below the endpoint, with its parts encoded. */
  readonly path: string;
  /** A list is sent as one parameter for each entry. */
  readonly query?: Readonly<Record<string, QueryValue>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of a POST that only asks: it may be repeated as a GET may. */
  readonly asks?: boolean;
  /** What is asked, for messages: `the dataset "tickets"`. */
  readonly what: string;
  readonly signal: AbortSignal;
}

/** The REST API of a LangSmith server: JSON in, checked JSON out, every failure an AssayError. */
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
  /** Throws what an answer that is no success means. */
  readonly check: (answer: HttpAnswer, call: RestCall) => void;
  /** The same for calls whose questions are repeated while the platform stumbles: nobody has the answer from elsewhere. */
  readonly patient: Rest;
}

export interface RestManner {
  /**
   * Of a server that has answered before: what is no answer of LangSmith is then a passing fault (PLATFORM_UNREACHABLE), and
   * not a wrong address.
   */
  readonly known?: boolean;
}

export function createRest(
  settings: LangsmithSettings,
  transport: Transport,
  { known = false }: RestManner = {},
): Rest {
  const { baseUrl } = settings;

  const answer = async (call: RestCall): Promise<HttpAnswer> => {
    try {
      return await paced(settings.pacer, call, () =>
        transport.exchange({
          method: call.method ?? 'GET',
          path: `${call.path}${queryText(call.query ?? {})}`,
          signal: call.signal,
          ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        }),
      );
    } catch (error) {
      throwIfCancelled(call.signal);
      if (error instanceof NetworkFailure) throw unreachable(baseUrl, error);
      throw error;
    }
  };
  const check: Rest['check'] = (given, call) => {
    if (known && isPassing(given)) throw away(baseUrl, given, call.what);
    if (given.status < 200 || given.status > 299) throw statusError(baseUrl, given, call.what);
  };
  const parse: Rest['parse'] = (given, call, schema) => {
    check(given, call);
    return parseBody(given, schema, `LangSmith at ${baseUrl} answers for ${call.what}`);
  };
  const questions = (isPatient: boolean): Pick<Rest, 'read' | 'find'> => {
    const asked = <T>(call: RestCall, run: () => Promise<T>): Promise<T> => {
      const asks = call.asks === true || call.method === undefined || call.method === 'GET';
      return isPatient && asks ? patiently(call.signal, run) : run();
    };
    return {
      read: (call, schema) => asked(call, async () => parse(await answer(call), call, schema)),
      find: (call, schema) =>
        asked(call, async () => {
          const given = await answer(call);
          // A 404 that is no JSON is a wrong address, and does not say that the thing is missing.
          if (given.status === 404 && isVerdict(given)) return undefined;
          return parse(given, call, schema);
        }),
    };
  };
  const common = { baseUrl, answer, check, parse };
  const patient: Rest = {
    ...common,
    ...questions(true),
    get patient() {
      return patient;
    },
  };
  return { ...common, ...questions(false), patient };
}

// 401, 403, 429 and 5xx have errors of their own.
function isPassing(answer: HttpAnswer): boolean {
  const { status } = answer;
  if (status >= 200 && status < 300) return answer.text !== '' && !isJson(answer.text);
  return status < 500 && ![401, 403, 429].includes(status) && !isVerdict(answer);
}

function queryText(query: Readonly<Record<string, QueryValue>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const each of typeof value === 'object' ? value : [value]) {
      params.append(name, String(each));
    }
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

function parseBody<T extends z.ZodType>(
  answer: HttpAnswer,
  schema: T,
  subject: string,
): z.output<T> {
  let body: unknown;
  try {
    body = JSON.parse(answer.text);
  } catch (error) {
    throw new AssayError('PLATFORM_REFUSED', `${subject} with something that is not JSON.`, {
      cause: error,
      mend: 'Check that LANGSMITH_ENDPOINT is the address of the API itself.',
    });
  }
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new AssayError('PLATFORM_REFUSED', `${subject} in a form that is not known.`, {
    problems: result.error.issues.map((issue) => ({
      at: issue.path.join('.'),
      message: issue.message,
    })),
    mend: 'Check that LANGSMITH_ENDPOINT is a LangSmith server of a supported version.',
    cause: result.error,
  });
}
