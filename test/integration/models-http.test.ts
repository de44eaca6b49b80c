import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { createCellCalls } from '../../src/models/cell-calls.js';
import { createGovernor } from '../../src/models/governor.js';
import { createHttpCaller, type HttpCallRequest } from '../../src/models/http-call.js';
import { createPaidCalls } from '../../src/models/paid-calls.js';
import { createOutbound, type Outbound } from '../../src/outbound/outbound.js';
import { createJournal, type Journal } from '../../src/store/journal/journal.js';
import { newCells, openTestStore, type TestStore } from './store-fixtures.js';

const token = 'token-0123456789-secret';

interface Seen {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
type Answer = 'drop' | 'hang' | { status: number; body?: string | Buffer; retryAfter?: string };

/** An endpoint of a user: answers as it was told, notes what came. */
async function startEndpoint(): Promise<{
  server: Server;
  url: string;
  seen: Seen[];
  answers: Answer[];
}> {
  const seen: Seen[] = [];
  const answers: Answer[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, headers } = request;
      seen.push({ method, headers, body: Buffer.concat(chunks).toString('utf8') });
      const answer = answers.shift() ?? { status: 200, body: '{"ok":true}' };
      if (answer === 'hang') return;
      if (answer === 'drop') {
        response.destroy();
        return;
      }
      const retry = answer.retryAfter === undefined ? {} : { 'retry-after': answer.retryAfter };
      response.writeHead(answer.status, { 'content-type': 'application/json', ...retry });
      response.end(answer.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}/triage?key=query-secret`, seen, answers };
}

describe('calls to an HTTP target through the journal', () => {
  let opened: TestStore;
  let endpoint: Awaited<ReturnType<typeof startEndpoint>>;
  let journal: Journal;
  let outbound: Outbound;
  let cells: string[];
  let experimentId: string;

  beforeAll(async () => {
    opened = await openTestStore();
    const made = await newCells(opened.store, 20);
    experimentId = made.experimentId;
    cells = [...made.cellIds];
    journal = await createJournal(opened.store, { worker: 'test' });
    outbound = createOutbound({ allow: ['127.0.0.1'] });
    endpoint = await startEndpoint();
  });
  beforeEach(() => {
    endpoint.seen.length = 0;
    endpoint.answers.length = 0;
  });
  afterAll(async () => {
    await outbound.close();
    endpoint.server.closeAllConnections();
    endpoint.server.close();
    await journal.close();
    await opened.close();
  });

  const nextCell = (): string => {
    const cell = cells.pop();
    if (cell === undefined) throw new Error('the fixture has too few cells');
    return cell;
  };
  const forCell = (cellId: string) => {
    const calls = createCellCalls();
    const caller = createHttpCaller({
      outbound,
      paidCalls: createPaidCalls({ journal, governor: createGovernor() }),
      environment: { TOKEN: token },
      scope: {
        experimentId,
        cellId,
        calls,
        policy: { initialDelayMs: 10, maxAttempts: 2, maxDelayMs: 30_000 },
      },
    });
    const ask = (change: Partial<HttpCallRequest> = {}): Promise<string> =>
      caller.request({
        name: 'api',
        url: endpoint.url,
        method: 'POST',
        headers: { 'x-token': 'env:TOKEN' },
        body: { text: 'x' },
        timeoutMs: 10_000,
        maxBytes: 1_000,
        signal: new AbortController().signal,
        ...change,
      });
    return { calls, ask };
  };

  it('carry the body, the secret and x-assay-call, and record neither secret nor query', async () => {
    const cell = nextCell();
    const { ask, calls } = forCell(cell);
    await expect(ask()).resolves.toBe('{"ok":true}');
    const [seen] = endpoint.seen;
    expect(seen).toMatchObject({
      method: 'POST',
      body: '{"text":"x"}',
      headers: { 'x-token': token, 'content-type': 'application/json' },
    });
    expect(seen?.headers['x-assay-call']).toMatch(new RegExp(`^${cell}\\.[0-9a-f]{16}\\.1$`));
    expect(calls.records).toEqual([
      expect.objectContaining({ kind: 'http', path: 'target/call/1', output: '{"ok":true}' }),
    ]);
    expect(JSON.stringify(calls.records)).not.toMatch(/secret/);
  });

  it('are made once for a cell: the second asker gets the stored bytes', async () => {
    const cell = nextCell();
    await forCell(cell).ask();
    endpoint.answers.push({ status: 200, body: 'another answer' });
    const again = forCell(cell);
    await expect(again.ask()).resolves.toBe('{"ok":true}');
    expect(again.calls.records[0]?.replayed).toBe(true);
    expect(endpoint.seen).toHaveLength(1);
  });

  it('send no body with GET', async () => {
    await forCell(nextCell()).ask({ method: 'GET' });
    expect(endpoint.seen[0]).toMatchObject({ method: 'GET', body: '' });
    expect(endpoint.seen[0]?.headers['content-type']).toBeUndefined();
  });

  it.each<[string, Answer]>([
    ['a 503', { status: 503 }],
    ['a dropped connection', 'drop'],
    ['a timeout', 'hang'],
    ['a 429 with a wait', { status: 429, retryAfter: '0.2' }],
  ])('are repeated after %s', async (_what, answer) => {
    endpoint.answers.push(answer);
    const { ask, calls } = forCell(nextCell());
    const asked = ask(answer === 'hang' ? { timeoutMs: 1_000 } : {});
    await expect(asked).resolves.toBe('{"ok":true}');
    expect(endpoint.seen).toHaveLength(2);
    expect(calls.targetRetries).toBe(1);
  });

  it.each<[string, Answer, string]>([
    ['an error status', { status: 422, body: '{"error":{"message":"no"}}' }, 'TARGET_HTTP_STATUS'],
    ['a refused key', { status: 401 }, 'TARGET_HTTP_STATUS'],
    ['a redirect', { status: 302 }, 'REDIRECT_REFUSED'],
    ['too much', { status: 200, body: 'x'.repeat(2_000) }, 'RESPONSE_TOO_LARGE'],
  ])('are final after %s, and recorded with their error', async (_what, answer, code) => {
    endpoint.answers.push(answer);
    const { ask, calls } = forCell(nextCell());
    await expect(ask()).rejects.toMatchObject({ code });
    expect(endpoint.seen).toHaveLength(1);
    expect(calls.records).toEqual([
      expect.objectContaining({ error: expect.objectContaining({ code }) as unknown }),
    ]);
  });

  it('tell no answer from an answer with an error status', async () => {
    endpoint.answers.push('hang', 'hang');
    await expect(forCell(nextCell()).ask({ timeoutMs: 400 })).rejects.toMatchObject({
      code: 'TARGET_TIMEOUT',
    });
    endpoint.answers.push('drop', 'drop');
    await expect(forCell(nextCell()).ask()).rejects.toMatchObject({ code: 'TARGET_FAILED' });
    endpoint.answers.push({ status: 500 }, { status: 500 });
    await expect(forCell(nextCell()).ask()).rejects.toMatchObject({
      code: 'TARGET_HTTP_STATUS',
      message: expect.stringContaining('HTTP 500'),
    });
  });

  it('do not repeat a secret that the endpoint sends back in its refusal', async () => {
    const body = JSON.stringify({ error: { message: `unknown token ${token}` } });
    endpoint.answers.push({ status: 403, body });
    const { ask, calls } = forCell(nextCell());
    const error: unknown = await ask().catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('unknown token [secret]');
    expect(
      `${String(error)}${JSON.stringify(error)}${JSON.stringify(calls.records)}`,
    ).not.toContain(token);
  });

  it('go nowhere that the guard closes, and send nothing without their secret', async () => {
    const { ask } = forCell(nextCell());
    await expect(ask({ url: 'http://169.254.169.254/latest' })).rejects.toMatchObject({
      code: 'ADDRESS_FORBIDDEN',
    });
    await expect(ask({ headers: { 'x-token': 'env:MISSING' } })).rejects.toMatchObject({
      code: 'ENVIRONMENT_INVALID',
    });
    expect(endpoint.seen).toEqual([]);
  });

  it('keep bytes that are no text: the journal has them as they came', async () => {
    const cell = nextCell();
    const bytes = Buffer.from([0x22, 0x00, 0xff, 0xfe, 0xed, 0xa0, 0xbd, 0x22]);
    endpoint.answers.push({ status: 200, body: bytes });
    const first = await forCell(cell).ask();
    expect(first).toBe(bytes.toString('utf8'));
    await expect(forCell(cell).ask()).resolves.toBe(first);
    expect(endpoint.seen).toHaveLength(1);
  });
});
