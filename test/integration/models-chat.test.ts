import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { configSchema } from '../../src/contracts/config.js';
import type { CallRecord } from '../../src/contracts/records.js';
import { createCellCalls, type CellCalls } from '../../src/models/cell-calls.js';
import { createGovernor, type Governor } from '../../src/models/governor.js';
import { meetInStore } from '../../src/models/governor-meeting.js';
import { createModelCallers } from '../../src/models/model-caller.js';
import { createPaidCalls } from '../../src/models/paid-calls.js';
import type { ModelCaller } from '../../src/models/port.js';
import { createJournal, type Journal } from '../../src/store/journal/journal.js';
import { rowsOf } from '../../src/store/query.js';
import { apiKey, startTestModel, type TestModel } from '../contract/model-support.js';
import { until } from '../support/until.js';
import { newCells, openTestStore, type TestStore } from './store-fixtures.js';

const otherKey = 'sk-wrong-key-0123456789';
const request = { model: 'small', messages: [{ role: 'user' as const, content: 'Say hello' }] };

interface JournalRow {
  readonly state: string;
  readonly owner: string;
  readonly claims: number;
  readonly status: number | null;
}

describe('calls to a model through the journal', () => {
  let opened: TestStore;
  let model: TestModel;
  let echo: { server: Server; url: string; bodies: string[] };
  let closedUrl: string;
  let cells: string[];
  let experimentId: string;
  const journals: Journal[] = [];
  const governors: Governor[] = [];

  beforeAll(async () => {
    opened = await openTestStore();
    const made = await newCells(opened.store, 40);
    experimentId = made.experimentId;
    cells = [...made.cellIds];
    model = await startTestModel();
    echo = await startEcho();
    const gone = await startEcho();
    closedUrl = gone.url;
    gone.server.close();
  });
  afterEach(async () => {
    await model.admin('DELETE', '/faults');
    await model.admin('DELETE', '/calls');
    await model.admin('POST', '/latency', { latencyMs: 0 });
    await Promise.all(governors.splice(0).map((governor) => governor.close()));
    await Promise.all(journals.splice(0).map((journal) => journal.close()));
    // What one test's faults taught of the model is not for the next.
    await opened.store.query('delete from assay.governor_keys');
  });
  afterAll(async () => {
    echo.server.closeAllConnections();
    echo.server.close();
    await model.close();
    await opened.close();
  });

  /** One worker process: a journal with a lease of its own, a governor, the callers. */
  const worker = async (
    options: { leaseMs?: number; monotonicNow?: () => number; models?: object } = {},
  ) => {
    const journal = await createJournal(opened.store, { worker: 'test', ...options });
    journals.push(journal);
    const governor = createGovernor({ place: meetInStore(opened.store) });
    governors.push(governor);
    return { journal, governor, callers: callersOf(journal, governor, options.models) };
  };
  const callersOf = (journal: Journal, governor: Governor, others = {}) =>
    createModelCallers({
      paidCalls: createPaidCalls({ journal, governor }),
      environment: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: apiKey, WRONG: otherKey },
      models: configSchema.parse({
        project: 'p',
        targets: {},
        evaluators: {},
        models: {
          small: { model: 'demo-small', price: { input: 1, output: 2 } },
          hasty: { model: 'demo-small', timeoutMs: 1_500 },
          stranger: { model: 'demo-small', apiKey: 'env:WRONG' },
          nowhere: { model: 'demo-small', baseUrl: closedUrl },
          ...others,
          echo: { model: 'echo', baseUrl: echo.url, apiKey: 'env:WRONG' },
          'hasty-echo': {
            model: 'echo',
            baseUrl: echo.url,
            apiKey: 'env:WRONG',
            timeoutMs: 800,
          },
        },
      }).models,
    });
  const nextCell = (): string => {
    const cell = cells.pop();
    if (cell === undefined) throw new Error('the fixture has too few cells');
    return cell;
  };
  const forCell = (
    { callers }: Awaited<ReturnType<typeof worker>>,
    cellId: string,
    change: { signal?: AbortSignal; policy?: object; calls?: CellCalls; run?: string } = {},
  ): { caller: ModelCaller; records: readonly CallRecord[]; calls: CellCalls } => {
    const calls = change.calls ?? createCellCalls();
    const caller = callers.forScope({
      experimentId: change.run ?? experimentId,
      cellId,
      calls,
      path: 'target',
      purpose: 'target',
      policy: { initialDelayMs: 10, maxAttempts: 3, maxDelayMs: 30_000, ...change.policy },
      signal: change.signal ?? new AbortController().signal,
    });
    return { caller, records: calls.records, calls };
  };
  const rowsIn = (cellId: string): Promise<JournalRow[]> =>
    rowsOf<JournalRow>(
      opened.store,
      'select state, owner, claims, status from assay.call_journal where cell_id = $1',
      [cellId],
    );
  const order = (fault: object) => model.admin('POST', '/faults', fault);
  /** What is seen between the claim of the next call and its request, while it waits for leave to send it. */
  const beforeSending = <Seen>(
    { governor }: { governor: Governor },
    look: () => Promise<Seen>,
  ): Promise<Seen> => {
    const enter = governor.enter.bind(governor);
    return new Promise((resolve, reject) => {
      governor.enter = async (...asked) => {
        governor.enter = enter;
        await look().then(resolve, reject);
        return enter(...asked);
      };
    });
  };

  it('stand as a claim before the request leaves, and as an answer before anyone may use it', async () => {
    const one = await worker();
    const cell = nextCell();
    const { caller, records } = forCell(one, cell);
    const before = beforeSending(one, async () => [await rowsIn(cell), await model.calls()]);
    const answer = await caller.chat(request);
    expect(await before).toEqual([[expect.objectContaining({ state: 'claimed', claims: 1 })], []]);
    expect(await rowsIn(cell)).toEqual([
      expect.objectContaining({ state: 'answered', status: 200 }),
    ]);
    expect(answer.text.length).toBeGreaterThan(0);
    expect(records).toEqual([answer.record]);
    const { usage, costPico } = answer.record;
    // A dollar for a million tokens of input, two of output: in pico-dollars a token is a million of them.
    expect(costPico).toBe(
      BigInt((usage?.inputTokens ?? 0) + 2 * (usage?.outputTokens ?? 0)) * 1_000_000n,
    );
    expect(answer.record).toMatchObject({ path: 'target/call/1', input: request.messages });
    const [call] = await model.calls();
    expect(call?.call).toMatch(new RegExp(`^${cell}\\.[0-9a-f]{16}\\.1$`));
  });

  it('are paid once: a second asker gets the stored bytes, in this process and in another', async () => {
    const [one, other] = [await worker(), await worker()];
    const cell = nextCell();
    await model.admin('POST', '/latency', { latencyMs: 200 });
    const [first, beside] = await Promise.all([
      forCell(one, cell).caller.chat(request),
      forCell(one, cell).caller.chat(request),
    ]);
    const later = await forCell(other, cell).caller.chat(request);
    expect([beside.text, later.text]).toEqual([first.text, first.text]);
    expect(first.record.replayed).toBeUndefined();
    expect([beside.record.replayed, later.record.replayed]).toEqual([true, true]);
    expect(later.record.startedAt).toBe(first.record.startedAt);
    expect(await model.calls()).toHaveLength(1);
  });

  it('of equal content in one cell are calls of their own, told apart by their occurrence', async () => {
    const one = await worker();
    const cell = nextCell();
    const { caller, records } = forCell(one, cell);
    await caller.chat(request);
    await caller.chat(request);
    expect((await model.calls()).map(({ call }) => call?.split('.').at(-1))).toEqual(['1', '2']);
    expect(records.map(({ path }) => path)).toEqual(['target/call/1', 'target/call/2']);
  });

  it('refuse while another worker that lives holds the claim, and send nothing', async () => {
    const [one, other] = [await worker(), await worker()];
    const cell = nextCell();
    await order({ kind: 'hang', next: 1 });
    const stop = new AbortController();
    const answering = forCell(one, cell, { signal: stop.signal }).caller.chat(request);
    await until(async () => (await model.calls()).length === 1);
    const { caller, records } = forCell(other, cell);
    await expect(caller.chat(request)).rejects.toMatchObject({
      code: 'CALL_CLAIM_REFUSED',
      retryAfterMs: expect.any(Number),
    });
    expect(records).toEqual([]);
    stop.abort(new Error('enough'));
    await expect(answering).rejects.toThrow('enough');
    expect(await model.calls()).toHaveLength(1);
  });

  it('send nothing on a lease that was lost while the process was frozen', async () => {
    let now = 0;
    const frozen = await worker({ monotonicNow: () => performance.now() + now });
    const cell = nextCell();
    const { caller } = forCell(frozen, cell);
    const standing = beforeSending(frozen, async () => {
      now = 60_000;
      return rowsIn(cell);
    });
    await expect(caller.chat(request)).rejects.toMatchObject({ code: 'CALL_CLAIM_REFUSED' });
    expect(await standing).toHaveLength(1);
    expect(await model.calls()).toEqual([]);
    expect(await rowsIn(cell)).toEqual([expect.objectContaining({ state: 'released' })]);
  });

  it('obey a Retry-After however often, and hold back all others that ask the same model', async () => {
    const one = await worker();
    await order({ kind: 'status', status: 429, retryAfter: 0.6, next: 1 });
    const started = performance.now();
    const first = forCell(one, nextCell(), { policy: { maxAttempts: 1 } }).caller.chat(request);
    await until(async () => (await model.calls()).length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = forCell(one, nextCell()).caller.chat(request);
    await Promise.all([first, second]);
    const [refused, ...served] = await model.calls();
    expect(refused).toMatchObject({ status: 429, paid: false });
    expect(served).toHaveLength(2);
    for (const { receivedAt } of served)
      expect(receivedAt - (refused?.receivedAt ?? 0)).toBeGreaterThanOrEqual(590);
    expect(performance.now() - started).toBeGreaterThanOrEqual(590);
  });

  it('give a wait that is longer than the policy allows back as data, with the claim', async () => {
    const one = await worker();
    const cell = nextCell();
    await order({ kind: 'status', status: 429, retryAfter: 120, next: 1 });
    const { caller, records } = forCell(one, cell);
    const refused = { code: 'MODEL_RATE_LIMITED', retryAfterMs: expect.any(Number) as unknown };
    await expect(caller.chat(request)).rejects.toMatchObject(refused);
    // The next cell is told without asking the provider again.
    await expect(forCell(one, nextCell()).caller.chat(request)).rejects.toMatchObject(refused);
    expect(await model.calls()).toHaveLength(1);
    expect(records).toEqual([]);
    expect(await rowsIn(cell)).toEqual([expect.objectContaining({ state: 'released' })]);
    // After the wait it is the same call: first occurrence, and nothing was paid for twice.
    const { callers } = { callers: callersOf(one.journal, createGovernor()) };
    await forCell({ ...one, callers }, cell).caller.chat(request);
    expect((await model.calls()).map(({ call }) => call?.split('.').at(-1))).toEqual(['1', '1']);
  });

  it('never end as an error of the cell after a 429 that does not say how long to wait', async () => {
    const one = await worker();
    const cell = nextCell();
    await order({ kind: 'status', status: 429 });
    const policy = { maxAttempts: 2, maxDelayMs: 1_000 };
    const { caller, records } = forCell(one, cell, { policy });
    await expect(caller.chat(request)).rejects.toMatchObject({
      code: 'MODEL_RATE_LIMITED',
      retryAfterMs: 15_000,
    });
    expect(await model.calls()).toHaveLength(2);
    expect(records).toEqual([]);
    expect(await rowsIn(cell)).toEqual([expect.objectContaining({ state: 'released' })]);
    // The next cell is told without asking the provider again.
    await expect(forCell(one, nextCell(), { policy }).caller.chat(request)).rejects.toMatchObject({
      code: 'MODEL_RATE_LIMITED',
    });
    expect(await model.calls()).toHaveLength(2);
  });

  describe('that nobody answers', () => {
    const policy = { maxAttempts: 1 };
    const unreachable = { code: 'MODEL_UNREACHABLE' };
    const own = { ...unreachable, retryAfterMs: undefined };
    const wait = { ...unreachable, retryAfterMs: 15_000 };
    /** A run of its own: whether it was answered before is what decides. */
    const newRun = async (one: Awaited<ReturnType<typeof worker>>) => {
      const { experimentId: run, cellIds } = await newCells(opened.store, 10);
      const free = [...cellIds];
      return {
        experimentId: run,
        ask: (name = 'small', by = one) =>
          forCell(by, free.pop() ?? '', { policy, run }).caller.chat({ ...request, model: name }),
      };
    };

    it.each([
      ['a 503', { kind: 'status', status: 503 }],
      ['a dropped connection', { kind: 'drop' }],
    ])(
      'because of %s are errors of their cells, until five cells in a row say that it is an outage',
      async (_what, fault) => {
        const run = await newRun(await worker());
        await run.ask();
        await order(fault);
        for (let cell = 1; cell <= 4; cell += 1) await expect(run.ask()).rejects.toMatchObject(own);
        await expect(run.ask()).rejects.toMatchObject(wait);
        await model.admin('DELETE', '/faults');
        await run.ask();
        await order(fault);
        // An answer has come between: it is a failure of its own again.
        await expect(run.ask()).rejects.toMatchObject(own);
      },
    );

    it('count a cell that fails again and again once', async () => {
      const one = await worker();
      const { experimentId: run, cellIds } = await newCells(opened.store, 2);
      const [good = '', bad = ''] = cellIds;
      await forCell(one, good, { run }).caller.chat(request);
      await order({ kind: 'status', status: 500 });
      for (let time = 0; time < 7; time += 1) {
        const { caller } = forCell(one, bad, { policy, run });
        await expect(caller.chat(request)).rejects.toMatchObject(own);
      }
    });

    it('end as errors where nobody ever did, however many cells ask', async () => {
      const run = await newRun(await worker());
      for (let cell = 0; cell < 6; cell += 1)
        await expect(run.ask('nowhere')).rejects.toMatchObject(own);
      await order({ kind: 'status', status: 503 });
      for (let cell = 0; cell < 4; cell += 1) await expect(run.ask()).rejects.toMatchObject(own);
    });

    it('wait where the same model at the same address answered before, also for a worker that was started since', async () => {
      const there = await startTestModel();
      const models = { leaves: { model: 'demo-small', baseUrl: there.url } };
      const first = await worker({ models });
      const run = await newRun(first);
      await run.ask('leaves');
      await there.close();
      await first.governor.close();
      await expect(run.ask('leaves', await worker({ models }))).rejects.toMatchObject(wait);
      // The same model at a wrong address, in the same run, is no outage.
      await expect(run.ask('nowhere', await worker())).rejects.toMatchObject(own);
      // A day is the longest that anybody is waited for.
      for (const governor of governors) await governor.close();
      await opened.store.query(
        `update assay.governor_keys set state = jsonb_set(state::jsonb, '{answeredAt}',
                ((extract(epoch from clock_timestamp()) - 25 * 3600) * 1000)::text::jsonb)::json
          where key like $1`,
        [`%${there.url}`],
      );
      await expect(run.ask('leaves', await worker({ models }))).rejects.toMatchObject(own);
    });
  });

  it.each([
    ['insufficient_quota', { kind: 'insufficient_quota' }, 'MODEL_QUOTA_EXHAUSTED'],
    ['a 400', { kind: 'status', status: 400 }, 'MODEL_REFUSED'],
    ['a 403', { kind: 'status', status: 403 }, 'MODEL_UNAUTHORIZED'],
    ['a 404', { kind: 'status', status: 404 }, 'MODEL_REFUSED'],
  ])('are not repeated after %s', async (_what, fault, code) => {
    const one = await worker();
    await order(fault);
    const { caller, records } = forCell(one, nextCell());
    await expect(caller.chat(request)).rejects.toMatchObject({ code });
    expect(await model.calls()).toHaveLength(1);
    expect(records).toEqual([
      expect.objectContaining({ error: expect.objectContaining({ code }) as unknown }),
    ]);
  });

  it('are repeated after a 500 as often as the policy says, under one claim', async () => {
    const one = await worker();
    const cell = nextCell();
    await order({ kind: 'status', status: 500, next: 2 });
    const { caller, calls } = forCell(one, cell);
    await caller.chat(request);
    expect((await model.calls()).map(({ status }) => status)).toEqual([500, 500, 200]);
    expect(calls.targetRetries).toBe(2);
    expect(await rowsIn(cell)).toEqual([expect.objectContaining({ claims: 1 })]);
    await order({ kind: 'status', status: 503 });
    await expect(forCell(one, nextCell()).caller.chat(request)).rejects.toMatchObject({
      code: 'MODEL_UNREACHABLE',
      message: expect.stringContaining('HTTP 503'),
    });
    expect(await model.calls()).toHaveLength(6);
  });

  it('are repeated after a dropped connection, under the same claim and header', async () => {
    const one = await worker();
    const cell = nextCell();
    await order({ kind: 'drop', next: 1 });
    await forCell(one, cell).caller.chat(request);
    const calls = await model.calls();
    expect(calls.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(new Set(calls.map(({ call }) => call)).size).toBe(1);
    expect(await rowsIn(cell)).toEqual([expect.objectContaining({ state: 'answered', claims: 1 })]);
  });

  it('end in time where the model never answers, or stalls in the middle of its answer', async () => {
    const one = await worker();
    await order({ kind: 'hang', next: 1 });
    await forCell(one, nextCell()).caller.chat({ ...request, model: 'hasty' });
    expect((await model.calls()).map(({ status }) => status)).toEqual([null, 200]);
    const stalling = forCell(one, nextCell(), { policy: { maxAttempts: 2 } }).caller.chat({
      ...request,
      model: 'hasty-echo',
      messages: [{ role: 'user', content: 'stall' }],
    });
    await expect(stalling).rejects.toMatchObject({
      code: 'MODEL_UNREACHABLE',
      message: 'The model echo did not answer in full within 800 ms.',
    });
    expect(echo.bodies.filter((body) => body.includes('stall'))).toHaveLength(2);
  });

  it('end with the signal at once, give the claim back and record nothing', async () => {
    const one = await worker();
    const cell = nextCell();
    await order({ kind: 'hang', next: 1 });
    const stop = new AbortController();
    const { caller } = forCell(one, cell, { signal: stop.signal });
    const hanging = caller.chat(request);
    await until(async () => (await model.calls()).length === 1);
    stop.abort(new Error('cancelled by the test'));
    await expect(hanging).rejects.toThrow('cancelled by the test');
    expect(await rowsIn(cell)).toEqual([expect.objectContaining({ state: 'released' })]);
  });

  it('keep an answer that is garbage: it was paid for, and asking again gives the same', async () => {
    const [one, other] = [await worker(), await worker()];
    const cell = nextCell();
    await order({ kind: 'garbage', next: 1 });
    const { caller, records } = forCell(one, cell);
    await expect(caller.chat(request)).rejects.toMatchObject({ code: 'MODEL_ANSWER_INVALID' });
    expect(records).toEqual([
      expect.objectContaining({
        error: expect.objectContaining({ code: 'MODEL_ANSWER_INVALID' }) as unknown,
      }),
    ]);
    await expect(forCell(other, cell).caller.chat(request)).rejects.toMatchObject({
      code: 'MODEL_ANSWER_INVALID',
    });
    expect(await model.calls()).toHaveLength(1);
    expect(await rowsIn(cell)).toEqual([expect.objectContaining({ state: 'answered' })]);
  });

  it.each(['53100', '53200', '57014', '25006'])(
    'keep an answer while Postgres refuses it with %s, and are not made again',
    async (sqlstate) => {
      const one = await worker();
      const cell = nextCell();
      await opened.store.query(
        `create function refuse_answers() returns trigger language plpgsql as $$
           begin raise exception 'no' using errcode = '${sqlstate}'; end $$`,
      );
      await opened.store.query(
        `create trigger refuse_answers before update on assay.call_journal for each row
           when (new.state = 'answered') execute function refuse_answers()`,
      );
      const answering = forCell(one, cell).caller.chat(request);
      const settled = answering.then(
        () => 'settled',
        () => 'settled',
      );
      try {
        await until(async () => (await model.calls()).length === 1);
        const waiting = new Promise((resolve) => setTimeout(resolve, 600, 'waits'));
        expect(await Promise.race([settled, waiting])).toBe('waits');
        expect(await rowsIn(cell)).toEqual([expect.objectContaining({ state: 'claimed' })]);
      } finally {
        await opened.store.query('drop function refuse_answers cascade');
      }
      expect((await answering).text.length).toBeGreaterThan(0);
      expect(await model.calls()).toHaveLength(1);
    },
  );

  it.each(['nul', 'surrogate'])('keep %s in an answer, also from the journal', async (text) => {
    const [one, other] = [await worker(), await worker()];
    const cell = nextCell();
    await order({ kind: 'content', text, next: 1 });
    const first = await forCell(one, cell).caller.chat(request);
    expect(first.text).toContain(text === 'nul' ? '\u0000' : '\ud83d');
    expect((await forCell(other, cell).caller.chat(request)).text).toBe(first.text);
    expect(await model.calls()).toHaveLength(1);
  });

  it('carry NUL and half surrogate pairs of an item to the model', async () => {
    const one = await worker();
    const content = 'a\u0000b\ud83dc';
    await forCell(one, nextCell()).caller.chat({
      ...request,
      model: 'echo',
      messages: [{ role: 'user', content }],
    });
    expect(echo.bodies.at(-1)).toContain(String.raw`a\u0000b\ud83dc`);
  });

  it('show no key in errors or records: not a refused one, not one that the server repeats', async () => {
    const one = await worker();
    const ask = async (name: string, content: string): Promise<string> => {
      const { caller, records } = forCell(one, nextCell());
      const error: unknown = await caller
        .chat({ model: name, messages: [{ role: 'user', content }] })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'MODEL_UNAUTHORIZED' });
      return `${String(error)} ${JSON.stringify(error)} ${JSON.stringify(records)}`;
    };
    expect(await ask('stranger', 'x')).not.toContain(otherKey);
    expect(await model.calls()).toHaveLength(1);
    const repeated = await ask('echo', 'refuse');
    expect(repeated).toContain('Incorrect API key: [secret]');
    expect(repeated).not.toContain(otherKey);
    // Once each: a refused key is final.
    expect(echo.bodies.filter((body) => body.includes('refuse'))).toHaveLength(1);
  });

  it('say which model is missing, or does not answer', async () => {
    const one = await worker();
    for (const name of ['gone', 'constructor']) {
      await expect(
        forCell(one, nextCell()).caller.chat({ ...request, model: name }),
      ).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    }
    const { experimentId: run, cellIds } = await newCells(opened.store, 1);
    await expect(
      forCell(one, cellIds[0] ?? '', { run }).caller.chat({ ...request, model: 'nowhere' }),
    ).rejects.toMatchObject({
      code: 'MODEL_UNREACHABLE',
      message: expect.stringContaining('connection refused'),
    });
  });
});

/** A server that notes what it gets; it repeats the key that it refuses, and stalls in the middle of an answer. */
async function startEcho(): Promise<{ server: Server; url: string; bodies: string[] }> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      bodies.push(body);
      const key = request.headers.authorization?.replace('Bearer ', '') ?? '';
      response.setHeader('content-type', 'application/json');
      if (body.includes('refuse')) {
        response.statusCode = 401;
        response.end(
          JSON.stringify({ error: { message: `Incorrect API key: ${key}`, type: 'x' } }),
        );
        return;
      }
      response.write('{"choices":[');
      if (body.includes('stall')) return;
      response.end('{"message":{"content":"ok"}}]}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}/v1`, bodies };
}
