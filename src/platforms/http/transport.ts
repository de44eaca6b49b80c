import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { Agent, request, type Dispatcher } from 'undici';

import { NetworkFailure, toNetworkFailure } from './network-failure.js';

const compress = promisify(gzip);
/** Below this, compressing costs more than it saves. */
const gzipFromBytes = 64 * 1024;
const maxAnswerBytes = 64 * 1024 * 1024;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the base URL, encoded, with its query. */
  readonly path: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether a large body may go compressed. Only the OTLP endpoint is known to take that. */
  readonly gzip?: boolean;
  readonly signal: AbortSignal;
  /** Asked in the moment in which the request leaves, with its body ready. Nothing is sent where it says no. */
  readonly mayLeave?: (() => boolean) | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly header: (name: string) => string | undefined;
  readonly text: string;
}

/**
 * One request, one answer, nothing repeated.
 *
 * Not the generated client of `@langfuse/core`: it hides why a connection failed (refused and reset look alike,
 * which decides whether a record may stand twice), keeps a timer that holds the process for its whole time-out
 * after a failed connection, and adds a listener to the signal per request.
 */
export interface Transport {
  /** @throws NetworkFailure where no whole answer came. */
  readonly exchange: (call: HttpRequest) => Promise<HttpAnswer>;
  readonly close: () => Promise<void>;
}

/** Where a platform is and what each request to it carries. */
export interface Connection {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** The longest any one request may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Where requests go through; an agent of its own where there is none. */
  readonly dispatcher: Dispatcher | undefined;
  /** The keys. */
  readonly headers: Readonly<Record<string, string>>;
}

/** {@link Transport} to any platform. */
export function createHttpTransport(settings: Connection): Transport {
  const own = settings.dispatcher === undefined;
  let dispatcher: Dispatcher = settings.dispatcher ?? newAgent();

  const exchange = async (call: HttpRequest): Promise<HttpAnswer> => {
    throwIfStopped(call);
    const { body, encoding } = await encodeBody(call);
    // Compressing takes its time, and a process can be frozen in it. No `await` may come between this and the request.
    throwIfStopped(call);
    if (call.mayLeave?.() === false) {
      throw new NetworkFailure('held back before it was sent', {
        cause: undefined,
        mayHaveArrived: false,
      });
    }
    let status: number | undefined;
    try {
      const response = await request(`${settings.baseUrl}${call.path}`, {
        method: call.method,
        dispatcher,
        signal: call.signal,
        headersTimeout: settings.timeoutMs,
        bodyTimeout: settings.timeoutMs,
        headers: {
          ...settings.headers,
          accept: 'application/json',
          'user-agent': 'assay',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...encoding,
          ...call.headers,
        },
        ...(body === undefined ? {} : { body }),
      });
      status = response.statusCode;
      const text = await readText(response.body);
      return { status, text, header: (name) => firstHeader(response.headers[name]) };
    } catch (error) {
      throw toNetworkFailure(error, status);
    } finally {
      // The server may reset a connection whose body it did not read to the end; the next request must not ride on it.
      if (status === 413 && own) {
        const old = dispatcher;
        dispatcher = newAgent();
        void old.close().catch(() => undefined);
      }
    }
  };
  return {
    exchange,
    close: async () => {
      if (own) await dispatcher.destroy();
    },
  };
}

function throwIfStopped({ signal }: HttpRequest): void {
  if (!signal.aborted) return;
  throw new NetworkFailure('stopped before it was sent', {
    cause: signal.reason,
    mayHaveArrived: false,
  });
}

function newAgent(): Agent {
  return new Agent({ connect: { timeout: 5_000 }, connections: 16 });
}

async function encodeBody(call: HttpRequest): Promise<{
  readonly body: string | Buffer | undefined;
  readonly encoding: Readonly<Record<string, string>>;
}> {
  if (call.body === undefined || call.gzip !== true || call.body.length < gzipFromBytes) {
    return { body: call.body, encoding: {} };
  }
  return {
    body: await compress(call.body, { level: 3 }),
    encoding: { 'content-encoding': 'gzip' },
  };
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxAnswerBytes) throw new Error(`an answer of over ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function firstHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
