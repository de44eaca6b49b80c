import OpenAI from 'openai';

import { startModelServer } from '../../src/devstack/model/server.js';
import type { ModelServerOptions } from '../../src/devstack/model/options.js';
import type { CallRecord, CallSummary } from '../../src/devstack/model/call-log.js';

export const apiKey = 'sk-test-0123456789';

/** A running demo model with the official client, and its admin API. */
export interface TestModel {
  readonly url: string;
  readonly client: OpenAI;
  admin(method: string, path: string, body?: unknown): Promise<Response>;
  calls(): Promise<readonly CallRecord[]>;
  summary(): Promise<CallSummary>;
  close(): Promise<void>;
}

export const startTestModel = async (
  options: Omit<ModelServerOptions, 'apiKey'> = {},
): Promise<TestModel> => {
  const server = await startModelServer({ ...options, apiKey });
  const admin = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(server.url.replace(/\/v1$/, `/admin${path}`), {
      method,
      headers: { authorization: `Bearer ${apiKey}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    url: server.url,
    client: new OpenAI({ apiKey, baseURL: server.url, maxRetries: 0, timeout: 10_000 }),
    admin,
    calls: async () =>
      ((await (await admin('GET', '/calls')).json()) as { calls: CallRecord[] }).calls,
    summary: async () => (await (await admin('GET', '/calls/summary')).json()) as CallSummary,
    close: () => server.close(),
  };
};

export const triagePrompt = `Sort the ticket.

Category:
- billing: invoices, charges, cards, payment
- shipping: parcels, delivery, tracking, late or lost packages
- bug: errors, crashes, something in the app does not work

Urgency:
- high: urgent, right now, today, a deadline
- low: a question or a wish
- normal: everything else`;

export const triageSchema = {
  type: 'object',
  properties: {
    category: { type: 'string', enum: ['billing', 'shipping', 'bug'] },
    urgency: { type: 'string', enum: ['low', 'normal', 'high'] },
  },
  required: ['category', 'urgency'],
  additionalProperties: false,
};

/** The triage of one ticket, as the official client asks for it. */
export const triageRequest = (
  ticket: string,
): OpenAI.Chat.ChatCompletionCreateParamsNonStreaming => ({
  model: 'demo-small',
  messages: [
    { role: 'system', content: triagePrompt },
    { role: 'user', content: ticket },
  ],
  response_format: {
    type: 'json_schema',
    json_schema: { name: 'triage', strict: true, schema: triageSchema },
  },
});

/** Waits for what the server notes only after the client has its answer. */
export const eventually = async <Value>(
  read: () => Promise<Value>,
  isThere: (value: Value) => boolean,
): Promise<Value> => {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const value = await read();
    if (isThere(value) || performance.now() > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
