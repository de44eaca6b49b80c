import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { LangfuseServer, LangfuseServerOptions } from '../../src/devstack/langfuse/server.js';
import { startLangfuseServer } from '../../src/devstack/langfuse/server.js';
import { createTestDatabase } from '../support/database.js';

export const keys = { publicKey: 'pk-lf-contract', secretKey: 'sk-lf-contract-test' };
export const project = { projectId: 'project-contract', projectName: 'contract' };

export type Loose = Readonly<Record<string, unknown>>;

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed JSON body; `{}` for any other. */
  readonly body: Loose;
}

export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: string | null;
}

/** A dev server of one test file's own, on a database of its own. */
export class TestServer {
  readonly databaseUrl: string;
  readonly #drop: () => Promise<void>;
  #server: LangfuseServer;

  private constructor(
    server: LangfuseServer,
    database: { url: string; drop: () => Promise<void> },
  ) {
    this.#server = server;
    this.databaseUrl = database.url;
    this.#drop = database.drop;
  }

  /** Writes are visible at once unless `visibility` says otherwise. */
  static async start(options: Partial<LangfuseServerOptions> = {}): Promise<TestServer> {
    const database = await createTestDatabase('template0');
    const settings = optionsFor(database.url, options);
    return new TestServer(await startLangfuseServer(settings), database);
  }

  get url(): string {
    return this.#server.url;
  }

  /** A second start on the same database, as after an ordered restart. */
  async restart(): Promise<void> {
    await this.#server.close();
    this.#server = await startLangfuseServer(optionsFor(this.databaseUrl, {}));
  }

  async stop(): Promise<void> {
    await this.#server.close();
    await this.#drop();
  }

  async call(path: string, call: Call = {}): Promise<JsonAnswer> {
    return callServer(this.url, path, call);
  }

  async post(path: string, body: unknown): Promise<JsonAnswer> {
    return this.call(path, { method: 'POST', body });
  }
}

export function optionsFor(
  databaseUrl: string,
  options: Partial<LangfuseServerOptions>,
): LangfuseServerOptions {
  return { databaseUrl, ...keys, ...project, visibility: 'none', ...options };
}

export const basicAuth = (secret = keys.secretKey): string =>
  `Basic ${Buffer.from(`${keys.publicKey}:${secret}`).toString('base64')}`;

export async function callServer(
  base: string,
  path: string,
  { method = 'GET', body, raw, headers = {}, auth = basicAuth() }: Call,
): Promise<JsonAnswer> {
  const response = await fetch(new URL(path, base), {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(auth === null ? {} : { authorization: auth }),
      ...headers,
    },
    ...(raw === undefined
      ? body === undefined
        ? {}
        : { body: JSON.stringify(body) }
      : { body: raw }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? (JSON.parse(text) as Loose) : {},
  };
}

/** Repeats a read until it satisfies; fails with the last answer after `patienceMs`. */
export async function eventually<T>(
  read: () => Promise<T>,
  satisfied: (value: T) => boolean,
  patienceMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const value = await read();
    if (satisfied(value)) return value;
    if (Date.now() > deadline) throw new Error(`not in time: ${JSON.stringify(value)}`);
    await sleep(25);
  }
}

export const traceId = (): string => randomBytes(16).toString('hex');
export const spanId = (): string => randomBytes(8).toString('hex');

export interface SpanSketch {
  readonly traceId?: unknown;
  readonly spanId?: unknown;
  readonly parentSpanId?: string;
  readonly name?: string;
  /** Milliseconds since 1970. */
  readonly start?: number;
  readonly durationMs?: number;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

export const noon = Date.parse('2026-03-01T12:00:00.000Z');

/** An OTLP JSON export of our scope. */
export function otlpExport(...spans: readonly SpanSketch[]): unknown {
  return {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'contract' } }] },
        scopeSpans: [{ scope: { name: 'langfuse-sdk', version: '5.11' }, spans: spans.map(span) }],
      },
    ],
  };
}

function span(sketch: SpanSketch): unknown {
  const start = sketch.start ?? noon;
  return {
    traceId: 'traceId' in sketch ? sketch.traceId : traceId(),
    spanId: 'spanId' in sketch ? sketch.spanId : spanId(),
    ...(sketch.parentSpanId === undefined ? {} : { parentSpanId: sketch.parentSpanId }),
    name: sketch.name ?? 'step',
    kind: 1,
    startTimeUnixNano: `${start}000000`,
    endTimeUnixNano: `${start + (sketch.durationMs ?? 1_000)}000000`,
    attributes: Object.entries(sketch.attributes ?? {}).map(([key, value]) => ({
      key,
      value: anyValue(value),
    })),
    status: { code: 0 },
  };
}

function anyValue(value: string | number | boolean): unknown {
  if (typeof value === 'string') return { stringValue: value };
  return typeof value === 'boolean' ? { boolValue: value } : { doubleValue: value };
}

export const otlpPath = '/api/public/otel/v1/traces';
export const versionHeader = { 'x-langfuse-ingestion-version': '4' };

export const sendSpans = (server: TestServer, ...spans: readonly SpanSketch[]) =>
  server.call(otlpPath, { method: 'POST', body: otlpExport(...spans), headers: versionHeader });

export const rowsIn = (answer: JsonAnswer): readonly Loose[] =>
  answer.body['data'] as readonly Loose[];

/** The rows of `v2/observations` for a query, all field groups. */
export async function observationsOf(
  server: TestServer,
  query: Readonly<Record<string, string>>,
): Promise<readonly Loose[]> {
  const fields = 'core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context';
  const search = new URLSearchParams({ fields, limit: '1000', ...query });
  return rowsIn(await server.call(`/api/public/v2/observations?${search.toString()}`));
}

/** The readable scores for a query, with details and subject. */
export async function scoresOf(
  server: TestServer,
  query: Readonly<Record<string, string>>,
): Promise<readonly Loose[]> {
  const search = new URLSearchParams({ fields: 'details,subject', limit: '100', ...query });
  return rowsIn(await server.call(`/api/public/v3/scores?${search.toString()}`));
}
