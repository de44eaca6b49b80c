import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { observeOpenAI } from '@langfuse/openai';
import { startActiveObservation } from '@langfuse/tracing';
import { SpanKind, trace } from '@opentelemetry/api';
import type OpenAI from 'openai';

import { registerTracing } from '../../src/tracing/register.js';
import { cellOf, collect, treeOf } from '../unit/tracing/support.js';
import { startTestModel, triageRequest, type TestModel } from './model-support.js';

const tracing = registerTracing(() => undefined);
let model: TestModel;
let openai: OpenAI;
beforeAll(async () => {
  model = await startTestModel({ latencyMs: 5 });
  openai = model.client.withOptions({ fetch: fetchHere });
});

// The instrumentation asks `instanceof Object`, which what Node's own fetch parses is not inside of Jest.
const fetchHere: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  const json = async (): Promise<unknown> => JSON.parse(await response.text()) as unknown;
  return Object.defineProperty(response, 'json', { value: json });
};
afterAll(() => model.close());

describe('@langfuse/openai, unchanged', () => {
  it('gives a generation with model, answer, tokens and latency below the span that asks', async () => {
    const { spans } = await collect(tracing, () =>
      startActiveObservation('triage', async () => {
        const client = observeOpenAI(openai, { generationName: 'ask the model' });
        await client.chat.completions.create(triageRequest('The app crashes'));
      }),
    );
    expect(treeOf(spans)).toEqual(['target > triage', 'triage > ask the model']);
    const [, generation] = spans;
    expect(generation).toMatchObject({
      kind: 'generation',
      model: 'demo-small',
      input: { messages: triageRequest('The app crashes').messages },
      output: { role: 'assistant', content: expect.stringContaining('bug') },
    });
    const { usage, usageDetails, parameters } = generation ?? {};
    expect(usage?.inputTokens).toBeGreaterThan(60);
    expect(usage?.outputTokens).toBeGreaterThan(0);
    expect(usageDetails?.['total']).toBe((usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0));
    expect(Object.values(parameters ?? {})).not.toContain('');
    const took = Date.parse(generation?.endedAt ?? '') - Date.parse(generation?.startedAt ?? '');
    expect(took).toBeGreaterThanOrEqual(4);
  });

  it('gives a streamed answer with its first token', async () => {
    const { spans } = await collect(tracing, async () => {
      const client = observeOpenAI(openai);
      const stream = await client.chat.completions.create({
        model: 'demo-small',
        messages: [{ role: 'user', content: 'Say hello' }],
        stream: true,
        stream_options: { include_usage: true },
      });
      let chunks = 0;
      for await (const chunk of stream) chunks += chunk.choices.length;
      expect(chunks).toBeGreaterThan(0);
    });
    expect(spans).toHaveLength(1);
    expect(spans[0]?.kind).toBe('generation');
    expect(typeof spans[0]?.output).toBe('string');
    expect(spans[0]?.firstTokenAt).toMatch(/^\d{4}-.*Z$/u);
    expect(spans[0]?.usage?.outputTokens).toBeGreaterThan(0);
  });

  it('says why a call failed', async () => {
    const { spans } = await collect(tracing, async () => {
      const call = observeOpenAI(openai).chat.completions.create({
        model: 'no-such',
        messages: [],
      });
      await expect(call).rejects.toThrow();
    });
    expect(spans[0]).toMatchObject({ kind: 'generation', level: 'ERROR' });
    expect(spans[0]?.statusMessage).toMatch(/4\d\d/u);
  });

  it('of twenty cells at once never stands in another’s trace', async () => {
    const client = observeOpenAI(openai);
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        collect(
          tracing,
          () => client.chat.completions.create(triageRequest(`ticket number ${index}`)),
          cellOf(`item-${index}`),
        ),
      ),
    );
    all.forEach(({ spans }, index) => {
      expect(spans).toHaveLength(1);
      expect(JSON.stringify(spans[0]?.input)).toContain(`ticket number ${index}"`);
    });
  });
});

describe('OpenTelemetry’s conventions for generative AI', () => {
  const tracer = trace.getTracer('any-vendor', '1.2.3');

  it('make a generation of a chat, with model, provider, parameters, tokens and messages', async () => {
    const messages = [{ role: 'user', parts: [{ type: 'text', content: 'Hi' }] }];
    const { spans } = await collect(tracing, () => {
      const span = tracer.startSpan('chat gpt-4o', {
        kind: SpanKind.CLIENT,
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.provider.name': 'openai',
          'gen_ai.request.model': 'gpt-4o',
          'gen_ai.request.temperature': 0.5,
          'gen_ai.request.stop_sequences': ['END'],
          'gen_ai.input.messages': JSON.stringify(messages),
          'server.address': 'api.example.com',
        },
      });
      span.setAttributes({
        'gen_ai.response.model': 'gpt-4o-2024-08-06',
        'gen_ai.usage.input_tokens': 12,
        'gen_ai.usage.output_tokens': 5,
        'gen_ai.usage.cache_read.input_tokens': 4,
        'gen_ai.output.messages': '[{"role":"assistant"}]',
      });
      span.end();
    });
    expect(spans[0]).toMatchObject({
      name: 'chat gpt-4o',
      kind: 'generation',
      model: 'gpt-4o-2024-08-06',
      provider: 'openai',
      parameters: { temperature: 0.5, stop_sequences: ['END'] },
      usage: { inputTokens: 12, outputTokens: 5, cachedInputTokens: 4 },
      input: messages,
      output: [{ role: 'assistant' }],
      metadata: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'gpt-4o',
        'server.address': 'api.example.com',
      },
    });
  });

  it('tell tools, agents, retrievals and embeddings apart', async () => {
    const operations = ['execute_tool', 'invoke_agent', 'retrieval', 'embeddings', 'unheard_of'];
    const { spans } = await collect(tracing, () => {
      for (const operation of operations) {
        tracer.startSpan(operation, { attributes: { 'gen_ai.operation.name': operation } }).end();
      }
    });
    expect(spans.map(({ kind }) => kind)).toEqual([
      'tool',
      'agent',
      'retriever',
      'embedding',
      'span',
    ]);
  });

  it('read the names of earlier versions, and contents on an event', async () => {
    const { spans } = await collect(tracing, () => {
      const span = tracer.startSpan('completion');
      span.setAttributes({
        'gen_ai.system': 'anthropic',
        'gen_ai.request.model': 'claude',
        'gen_ai.usage.prompt_tokens': 7,
        'gen_ai.usage.completion_tokens': 3,
      });
      span.addEvent('gen_ai.client.inference.operation.details', {
        'gen_ai.system_instructions': '[{"type":"text","content":"Be brief"}]',
        'gen_ai.input.messages': '[{"role":"user"}]',
        'gen_ai.output.messages': '[{"role":"assistant"}]',
      });
      span.end();
    });
    expect(spans[0]).toMatchObject({
      kind: 'generation',
      model: 'claude',
      provider: 'anthropic',
      usage: { inputTokens: 7, outputTokens: 3 },
      input: {
        system_instructions: [{ type: 'text', content: 'Be brief' }],
        messages: [{ role: 'user' }],
      },
      output: [{ role: 'assistant' }],
    });
  });
});
