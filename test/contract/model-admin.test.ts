import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { APIConnectionError, APIError } from 'openai';

import { eventually, startTestModel, triageRequest, type TestModel } from './model-support.js';

let model: TestModel;
beforeEach(async () => {
  model = await startTestModel();
});
afterEach(() => model.close());

const ask = (call = 'cell-1', options = {}) =>
  model.client.chat.completions.create(triageRequest('the parcel is late'), {
    headers: { 'x-assay-call': call },
    ...options,
  });

const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'answered',
    (error: unknown) => error,
  );

const order = async (fault: unknown): Promise<void> => {
  expect((await model.admin('POST', '/faults', fault)).status).toBe(201);
};

describe('the call log', () => {
  it('holds each call with its header, tokens and times, and counts repeated paid calls', async () => {
    await ask('cell-1');
    await ask('cell-1');
    await ask('cell-2');
    const calls = await eventually(
      () => model.calls(),
      (found) => found.every((call) => call.answeredAt !== null),
    );
    expect(calls.map((call) => [call.seq, call.call, call.status, call.paid])).toEqual([
      [1, 'cell-1', 200, true],
      [2, 'cell-1', 200, true],
      [3, 'cell-2', 200, true],
    ]);
    expect(calls[0]?.promptTokens).toBeGreaterThan(0);
    expect(calls[0]?.answeredAt).toBeGreaterThanOrEqual(calls[0]?.receivedAt ?? Infinity);
    const summary = await model.summary();
    expect(summary).toMatchObject({ total: 3, paid: 3, inFlight: 0, repeatedCalls: 1 });
    expect(summary.repeated).toEqual([{ call: 'cell-1', count: 2 }]);
  });

  it('counts a call as paid while its answer is still out', async () => {
    const controller = new AbortController();
    const asked = outcome(
      ask('slow', { signal: controller.signal, headers: { 'x-demo-latency': '60000' } }),
    );
    const during = await eventually(
      () => model.summary(),
      (found) => found.inFlight === 1,
    );
    expect(during).toMatchObject({ paid: 1, inFlight: 1, aborted: 0 });
    controller.abort();
    await asked;
    const after = await eventually(
      () => model.summary(),
      (found) => found.aborted === 1,
    );
    expect(after).toMatchObject({ paid: 1, inFlight: 0, aborted: 1 });
  });

  it('pages, writes NDJSON, and can be emptied', async () => {
    for (const call of ['a', 'b', 'c']) await ask(call);
    const page = (await (await model.admin('GET', '/calls?after=1&limit=1')).json()) as {
      calls: { call: string }[];
      next: number;
    };
    expect([page.calls.map((call) => call.call), page.next]).toEqual([['b'], 2]);
    const lines = await (await model.admin('GET', '/calls?format=ndjson')).text();
    expect(lines.trim().split('\n')).toHaveLength(3);
    await eventually(
      () => model.summary(),
      (found) => found.inFlight === 0,
    );
    expect((await model.admin('DELETE', '/calls')).status).toBe(204);
    expect(await model.summary()).toMatchObject({ total: 0, paid: 0, inFlight: 0 });
  });

  it('is closed to those without the key', async () => {
    const url = model.url.replace('/v1', '/admin/calls');
    expect((await fetch(url)).status).toBe(401);
  });
});

describe('faults to order', () => {
  it('refuses the next n calls with the status and Retry-After that were ordered, unpaid', async () => {
    await order({ kind: 'status', status: 429, retryAfter: 7, next: 2 });
    for (const call of ['x', 'x']) {
      const error = await outcome(ask(call));
      expect(error).toBeInstanceOf(APIError);
      if (!(error instanceof APIError)) continue;
      const headers = error.headers as Headers | undefined;
      expect([error.status, error.code]).toEqual([429, 'rate_limit_exceeded']);
      expect(headers?.get('retry-after')).toBe('7');
    }
    expect(await outcome(ask('x'))).toBe('answered');
    expect(await model.summary()).toMatchObject({
      total: 3,
      paid: 1,
      refused429: 2,
      repeatedCalls: 0,
    });
  });

  it('tells an exhausted quota from a rate limit', async () => {
    await order({ kind: 'insufficient_quota', next: 1 });
    expect(await outcome(ask())).toMatchObject({ status: 429, code: 'insufficient_quota' });
  });

  it('drops a connection after the answer was paid', async () => {
    await order({ kind: 'drop', next: 1 });
    expect(await outcome(ask())).toBeInstanceOf(APIConnectionError);
    const summary = await eventually(
      () => model.summary(),
      (found) => found.aborted === 1,
    );
    expect(summary).toMatchObject({ paid: 1, aborted: 1 });
  });

  it('hangs until the caller gives up', async () => {
    await order({ kind: 'hang', next: 1 });
    expect(await outcome(ask('x', { timeout: 200 }))).toBeInstanceOf(APIConnectionError);
  });

  it('answers 200 with a body that is no JSON', async () => {
    await order({ kind: 'garbage', next: 1 });
    const response = await fetch(`${model.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-test-0123456789' },
      body: JSON.stringify(triageRequest('x')),
    });
    expect(response.status).toBe(200);
    await expect(response.json()).rejects.toThrow();
  });

  it.each([
    ['nul', '\u0000'],
    ['surrogate', '\ud83d '],
    ['script', '</script>'],
    ['ansi', '\u001b[31m'],
    ['fence', '```json'],
  ])('answers with hostile text: %s', async (text, holds) => {
    await order({ kind: 'content', text, next: 1 });
    const completion = await ask();
    expect(completion.choices[0]?.message.content).toContain(holds);
  });

  it('answers with half a megabyte', async () => {
    await order({ kind: 'content', text: 'huge', next: 1 });
    const completion = await ask();
    expect(completion.choices[0]?.message.content?.length).toBeGreaterThan(500_000);
  });

  it('strikes only the share and the models that were ordered, and can be lifted', async () => {
    await order({ kind: 'status', status: 503, models: ['demo-large'] });
    await order({ kind: 'status', status: 500, share: 0.5 });
    const outcomes = await Promise.all(Array.from({ length: 60 }, () => outcome(ask())));
    const answered = outcomes.filter((each) => each === 'answered').length;
    expect(answered).toBeGreaterThan(10);
    expect(answered).toBeLessThan(50);
    expect((await model.admin('DELETE', '/faults')).status).toBe(204);
    expect(await outcome(ask())).toBe('answered');
  });

  it('refuses an order that it does not understand and says where', async () => {
    const response = await model.admin('POST', '/faults', { kind: 'status', status: 200 });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('status');
  });
});

describe('limits and latency to order', () => {
  it('lets the burst through, then says how long to wait', async () => {
    await model.admin('POST', '/limits', { requestsPerMinute: 1, burst: 3 });
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => outcome(ask())));
    const refused = outcomes.filter((each) => each instanceof APIError);
    expect(refused).toHaveLength(2);
    const headers = refused[0]?.headers as Headers | undefined;
    // A minute, less the time that this machine took.
    expect(Number(headers?.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(headers?.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(headers?.get('x-ratelimit-limit-requests')).toBe('1');
    expect(headers?.get('x-ratelimit-remaining-requests')).toBe('0');
    await model.admin('DELETE', '/limits');
    expect(await outcome(ask())).toBe('answered');
  });

  it('takes the latency that was ordered, streamed answers too', async () => {
    await model.admin('POST', '/latency', { latencyMs: 120 });
    const started = performance.now();
    await ask();
    expect(performance.now() - started).toBeGreaterThanOrEqual(118);
    const again = performance.now();
    const stream = await model.client.chat.completions.create({
      ...triageRequest('x'),
      stream: true,
    });
    for await (const chunk of stream) expect(chunk.object).toBe('chat.completion.chunk');
    expect(performance.now() - again).toBeGreaterThanOrEqual(115);
  });
});
