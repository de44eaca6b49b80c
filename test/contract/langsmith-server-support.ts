import { randomUUID } from 'node:crypto';

import { Client } from 'langsmith';

import type { LangsmithServer } from '../support/langsmith/server.js';

/** The official client, unchanged. It sends no batch of runs twice unless told to; all else it repeats four times on 429 and 5xx. */
export function clientOf(
  server: LangsmithServer,
  options: ConstructorParameters<typeof Client>[0] = {},
): Client {
  return new Client({
    apiUrl: server.url,
    apiKey: server.apiKey,
    callerOptions: { maxRetries: 0 },
    ...options,
  });
}

/**
 * Reads over `runs/query` and `runs/{id}`, which the client marks as going in 2027: they are what self-hosted servers answer, and
 * what evaluate() still asks.
 */
export const listRuns = (
  client: Client,
  query: Parameters<Client['listRuns']>[0],
): Promise<Awaited<ReturnType<Client['readRun']>>[]> =>
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  all(client.listRuns(query));

export const readRun = (
  client: Client,
  ...question: Parameters<Client['readRun']>
): ReturnType<Client['readRun']> =>
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  client.readRun(...question);

export async function all<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const found: Row[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

export type Loose = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** One bare request, for what the client would not send. */
export async function ask(
  server: LangsmithServer,
  request: string,
  {
    body,
    key = server.apiKey,
    headers = {},
  }: { body?: unknown; key?: string | null; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const [method = 'GET', path = '/'] = request.split(' ');
  const response = await fetch(new URL(path, server.url), {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === null ? {} : { 'x-api-key': key }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  };
}

const noon = Date.parse('2026-03-01T12:00:00.000Z');

/** A finished root run, and what makes it consistent. */
export function rootRun(
  fields: Loose = {},
): Loose & { id: string; trace_id: string; dotted_order: string } {
  const id = randomUUID();
  return {
    id,
    trace_id: id,
    dotted_order: `20260301T120000000000Z${id}`,
    name: 'target',
    run_type: 'chain',
    start_time: noon,
    end_time: noon + 1_500,
    inputs: { question: 'What is two and two?' },
    outputs: { answer: 'four' },
    ...fields,
  };
}

/** A run below another. */
export function childRun(
  parent: { id: string; trace_id: string; dotted_order: string },
  fields: Loose = {},
): Loose & { id: string; trace_id: string; dotted_order: string } {
  const id = randomUUID();
  return rootRun({
    id,
    trace_id: parent.trace_id,
    parent_run_id: parent.id,
    dotted_order: `${parent.dotted_order}.20260301T120000100000Z${id}`,
    name: 'generation',
    run_type: 'llm',
    start_time: noon + 100,
    ...fields,
  });
}
