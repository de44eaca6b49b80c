import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI, { APIError } from 'openai';

import { startTestModel, triageRequest, type TestModel } from './model-support.js';

let model: TestModel;
beforeAll(async () => {
  model = await startTestModel();
});
afterAll(() => model.close());

const refusal = async (promise: Promise<unknown>): Promise<APIError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof APIError) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

const question = (content: string): OpenAI.Chat.ChatCompletionCreateParamsNonStreaming => ({
  model: 'demo-small',
  messages: [{ role: 'user', content }],
});

describe('the official client works unchanged', () => {
  it('gets structured output that fits its schema, with usage that adds up', async () => {
    const completion = await model.client.chat.completions.create(
      triageRequest('Wo ist mein Paket? Ich warte seit Wochen auf die Lieferung.'),
    );
    const [choice] = completion.choices;
    expect(JSON.parse(choice?.message.content ?? '')).toEqual({
      category: 'shipping',
      urgency: 'normal',
    });
    expect(choice?.finish_reason).toBe('stop');
    const { usage } = completion;
    expect(usage?.prompt_tokens).toBeGreaterThan(60);
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
  });

  it('streams the very text that it would answer at once, and the usage when asked', async () => {
    const request = question('Write a reply. Apologise.\n\nTicket: The app crashes 😀');
    const whole = await model.client.chat.completions.create(request);
    const stream = await model.client.chat.completions.create({
      ...request,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage: OpenAI.CompletionUsage | null | undefined;
    let finish: string | null | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(finish).toBe('stop');
    expect(usage).toEqual(whole.usage);
  });

  it('gives the same answer to the same request, every time', async () => {
    const ask = () => model.client.chat.completions.create(triageRequest('The invoice is wrong'));
    const [first, second] = [await ask(), await ask()];
    expect(second.choices).toEqual(first.choices);
    expect(second.usage).toEqual(first.usage);
  });

  it('cuts at the token limit and says so', async () => {
    const completion = await model.client.chat.completions.create({
      ...question('Ticket: the parcel is late'),
      max_completion_tokens: 3,
    });
    expect(completion.choices[0]?.finish_reason).toBe('length');
    expect(completion.usage?.completion_tokens).toBe(3);
  });

  it('answers in JSON mode with the keys that the prompt shows', async () => {
    const completion = await model.client.chat.completions.create({
      ...question(
        'Return JSON such as {"category": "..."}.\nCategories: billing, shipping\n\nTicket: the delivery is late',
      ),
      response_format: { type: 'json_object' },
    });
    expect(JSON.parse(completion.choices[0]?.message.content ?? '')).toEqual({
      category: 'shipping',
    });
  });

  it('varies with the seed above temperature 0, and not with the same seed', async () => {
    const ask = async (seed: number) =>
      (
        await model.client.chat.completions.create({
          ...triageRequest('the app shows an error since the parcel came, and the invoice'),
          temperature: 2,
          // Our runs still send it.
          // eslint-disable-next-line @typescript-eslint/no-deprecated
          seed,
        })
      ).choices[0]?.message.content;
    const answers = await Promise.all(Array.from({ length: 20 }, (_, seed) => ask(seed)));
    expect(new Set(answers).size).toBeGreaterThan(1);
    expect(await ask(7)).toBe(answers[7]);
  });

  it('discounts a long prompt beginning that it has seen', async () => {
    const long = question(`Read this. ${'many words of context '.repeat(400)}`);
    const first = await model.client.chat.completions.create(long);
    const second = await model.client.chat.completions.create(long);
    expect(first.usage?.prompt_tokens_details?.cached_tokens).toBe(0);
    expect(second.usage?.prompt_tokens_details?.cached_tokens).toBe(1024);
  });

  it('lists its models', async () => {
    const ids: string[] = [];
    for await (const each of model.client.models.list()) ids.push(each.id);
    expect(ids).toEqual(['demo-small', 'demo-large', 'demo-embedding']);
  });
});

describe('embeddings', () => {
  const vectors = async (input: string[], format?: 'float' | 'base64') => {
    const answer = await model.client.embeddings.create({
      model: 'demo-embedding',
      input,
      ...(format === undefined ? {} : { encoding_format: format }),
    });
    return answer.data.map((each) => each.embedding);
  };
  const dot = (left: number[] = [], right: number[] = []): number =>
    left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);

  it('have unit length and are the same as floats and as the base64 that the client asks for', async () => {
    const [plain] = await vectors(['a parcel is late'], 'float');
    const [packed] = await vectors(['a parcel is late']);
    expect(plain).toHaveLength(256);
    expect(dot(plain, plain)).toBeCloseTo(1, 5);
    packed?.forEach((value, index) => expect(value).toBeCloseTo(plain?.[index] ?? 9, 6));
  });

  it('are nearer for the same meaning in two languages than for two meanings', async () => {
    const [english, german, other] = await vectors([
      'the parcel is late',
      'das Paket ist verspätet',
      'I forgot my password',
    ]);
    expect(dot(english, german)).toBeGreaterThan(dot(english, other) + 0.2);
  });
});

describe('refusals have the shape that the client knows', () => {
  it('refuses a wrong key without repeating it', async () => {
    const client = new OpenAI({ apiKey: 'sk-wrong', baseURL: model.url, maxRetries: 0 });
    const error = await refusal(client.chat.completions.create(question('x')));
    expect([error.status, error.code]).toEqual([401, 'invalid_api_key']);
    expect(JSON.stringify(error.error)).not.toContain('sk-wrong');
  });

  it.each(['gpt-4o-mini', 'demo-embedding', '__proto__'])('has no chat model %s', async (name) => {
    const error = await refusal(
      model.client.chat.completions.create({ ...question('x'), model: name }),
    );
    expect([error.status, error.code]).toEqual([404, 'model_not_found']);
  });

  it('names the parameter that is wrong', async () => {
    const error = await refusal(
      model.client.chat.completions.create({ ...question('x'), temperature: 9 }),
    );
    expect([error.status, error.param]).toEqual([400, 'temperature']);
  });

  it('refuses a body that is no JSON, and an address that it does not know', async () => {
    const headers = { authorization: 'Bearer sk-test-0123456789' };
    const broken = await fetch(`${model.url}/chat/completions`, {
      method: 'POST',
      headers,
      body: '{"model":',
    });
    expect(broken.status).toBe(400);
    const unknown = await fetch(`${model.url}/constructor`, { method: 'POST', headers });
    expect(unknown.status).toBe(404);
  });
});
