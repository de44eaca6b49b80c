import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';

import { afterEach, describe, expect, it } from '@jest/globals';

import type { AssayError } from '../../src/core/errors/assay-error.js';
import { failureOf } from '../../src/core/retry/classify.js';
import {
  createOutbound,
  type Outbound,
  type OutboundRequest,
} from '../../src/outbound/outbound.js';
import { until } from '../support/until.js';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

interface Site {
  readonly url: string;
  readonly openSockets: () => number;
}

async function serve(listener: RequestListener): Promise<Site> {
  const server: Server = createServer(listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        for (const socket of sockets) socket.destroy();
      }),
  );
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, openSockets: () => sockets.size };
}

function outboundOf(options: Partial<Parameters<typeof createOutbound>[0]> = {}): Outbound {
  const outbound = createOutbound({ allow: ['127.0.0.1'], ...options });
  open.push(() => outbound.close());
  return outbound;
}

const requestOf = (url: string, more: Partial<OutboundRequest> = {}): OutboundRequest => ({
  url,
  method: 'GET',
  timeoutMs: 20_000,
  maxBytes: 1000,
  ...more,
});
const send = (url: string, more: Partial<OutboundRequest> = {}) =>
  outboundOf().request(requestOf(url, more));
const errorOf = (pending: Promise<unknown>): Promise<AssayError> =>
  pending.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as AssayError,
  );
const answering =
  (body: Buffer | string, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(200, headers);
    response.end(body);
  };

describe('an outbound request', () => {
  it('sends method, headers and body, and gives status, body and times', async () => {
    const site = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        response.writeHead(201, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }),
        );
      });
    });
    const answer = await send(`${site.url}/path?q=1#part`, {
      method: 'PUT',
      headers: { Authorization: 'Bearer x', 'Content-Type': 'application/json' },
      body: '{"a":"ü"}',
    });
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      method: 'PUT',
      url: '/path?q=1',
      body: '{"a":"ü"}',
      headers: {
        authorization: 'Bearer x',
        'content-type': 'application/json',
        'user-agent': 'assay',
        'accept-encoding': 'gzip, br',
      },
    });
    expect(answer.startedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(answer.endedAt >= answer.startedAt).toBe(true);
  });

  it('keeps the headers that matter and never cookies', async () => {
    const site = await serve(
      answering('x', {
        'content-type': 'text/plain',
        'x-request-id': 'r1',
        'x-ratelimit-remaining-requests': '9',
        'retry-after': '3',
        'set-cookie': 'session=SECRET',
        'x-internal': 'SECRET',
      }),
    );
    const { headers } = await send(site.url);
    expect(headers).toMatchObject({
      'content-type': 'text/plain',
      'x-request-id': 'r1',
      'x-ratelimit-remaining-requests': '9',
      'retry-after': '3',
    });
    expect(JSON.stringify(headers)).not.toContain('SECRET');
  });

  it('sends no cookie back that a server set', async () => {
    const cookies: unknown[] = [];
    const site = await serve((request, response) => {
      cookies.push(request.headers.cookie);
      response.setHeader('set-cookie', 'a=b').end('x');
    });
    const outbound = outboundOf();
    await outbound.request(requestOf(site.url));
    await outbound.request(requestOf(site.url));
    expect(cookies).toEqual([undefined, undefined]);
  });

  it('gives an error status as an answer', async () => {
    const site = await serve((_request, response) => {
      response.writeHead(429, { 'retry-after': '7' });
      response.end('{"error":{}}');
    });
    expect(await send(site.url)).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
  });

  it.each([
    ['host', 'x'],
    ['Content-Length', '3'],
    ['Transfer-Encoding', 'chunked'],
    ['Connection', 'upgrade'],
    ['Proxy-Authorization', 'SECRET'],
    ['x bad', 'x'],
    ['x-split', 'SECRET\r\nx-other: 1'],
    ['x-nul', 'SECRET\u0000'],
    ['x-wide', 'SECRET→'],
  ])('refuses the header %s and never shows its value', async (name, value) => {
    const error = await errorOf(send('http://127.0.0.1:1/', { headers: { [name]: value } }));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.problems).toHaveLength(1);
    expect(JSON.stringify(error)).not.toContain('SECRET');
  });
});

describe('the size of a response', () => {
  it('may be the limit and not one byte more', async () => {
    const site = await serve(answering('x'.repeat(1000)));
    expect((await send(site.url, { maxBytes: 1000 })).body).toHaveLength(1000);
    expect((await errorOf(send(site.url, { maxBytes: 999 }))).code).toBe('RESPONSE_TOO_LARGE');
  });

  it('is counted as it streams, and the connection is closed at the limit', async () => {
    let written = 0;
    const site = await serve((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    const error = await errorOf(send(site.url, { maxBytes: 100_000 }));
    expect(error.code).toBe('RESPONSE_TOO_LARGE');
    await until(() => site.openSockets() === 0);
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  it.each([
    ['gzip', gzipSync],
    // Its default quality takes seconds for so many bytes.
    [
      'br',
      (bytes: Buffer) =>
        brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 2 } }),
    ],
  ])('counts what %s holds, not what travels', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(50 * 1024 * 1024));
    const site = await serve(answering(bomb, { 'content-encoding': encoding }));
    const before = process.memoryUsage().arrayBuffers;
    const error = await errorOf(send(site.url, { maxBytes: 1024 * 1024 }));
    expect(error.code).toBe('RESPONSE_TOO_LARGE');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 1024 * 1024);
  });

  it.each([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['x-gzip', gzipSync],
    ['br', brotliCompressSync],
    ['identity', (body: Buffer) => body],
  ])('decodes %s', async (encoding, compress) => {
    const body = compress(Buffer.from('hello'));
    const site = await serve(answering(body, { 'content-encoding': encoding }));
    expect((await send(site.url)).body.toString()).toBe('hello');
  });

  it('takes an empty body that names an encoding', async () => {
    const site = await serve((_request, response) => {
      response.writeHead(204, { 'content-encoding': 'gzip' });
      response.end();
    });
    expect((await send(site.url)).body).toHaveLength(0);
  });

  it.each([
    ['deflate', deflateSync(Buffer.from('x'))],
    ['gzip, gzip', gzipSync(gzipSync(Buffer.from('x')))],
    ['gzip', Buffer.from('not gzip at all')],
  ])('refuses %s that was not asked for or is damaged', async (encoding, body) => {
    const site = await serve(answering(body, { 'content-encoding': encoding }));
    const error = await errorOf(send(site.url));
    expect(error.code).toBe('TARGET_OUTPUT_INVALID');
    expect(failureOf(error)).toBeUndefined();
  });
});

const silences: readonly (readonly [string, RequestListener])[] = [
  ['no header', () => undefined],
  [
    'no end',
    (_request, response) => {
      response.writeHead(200);
      response.write('x');
    },
  ],
  [
    'a drip',
    (_request, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    },
  ],
];

describe('an outbound request that gets no whole answer', () => {
  it.each(silences)('ends at the total time: %s', async (_case, listener) => {
    const site = await serve(listener);
    const began = Date.now();
    const error = await errorOf(send(site.url, { timeoutMs: 200 }));
    expect(error.code).toBe('TARGET_TIMEOUT');
    expect(Date.now() - began).toBeLessThan(20_000);
    expect(failureOf(error)).toEqual({ retry: 'retryable', type: 'timeout' });
    await until(() => site.openSockets() === 0);
  });

  it('ends at the total time while a name is being resolved', async () => {
    const resolve = (): Promise<never> => new Promise(() => undefined);
    const outbound = createOutbound({ allow: [], resolve });
    const request = requestOf('http://slow.test/', { timeoutMs: 100 });
    const began = Date.now();
    expect((await errorOf(outbound.request(request))).code).toBe('TARGET_TIMEOUT');
    await outbound.close();
    expect(Date.now() - began).toBeLessThan(20_000);
  });

  it('raises the reason of the caller’s abort', async () => {
    const site = await serve(() => undefined);
    const controller = new AbortController();
    const pending = send(site.url, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('cancelled')), 50);
    await expect(pending).rejects.toThrow('cancelled');
    await until(() => site.openSockets() === 0);
    await expect(send(site.url, { signal: controller.signal })).rejects.toThrow('cancelled');
    expect(site.openSockets()).toBe(0);
  });

  it('says that a refused connection is worth a retry', async () => {
    const site = await serve(() => undefined);
    await Promise.all(open.splice(0).map((close) => close()));
    const error = await errorOf(send(site.url));
    expect(error.code).toBe('TARGET_FAILED');
    expect(failureOf(error)).toEqual({ retry: 'retryable', type: 'connection_refused' });
  });

  it('says that a lost connection is worth a retry: before, within and compressed', async () => {
    const half = gzipSync(Buffer.from('x'.repeat(10_000))).subarray(0, 20);
    const listeners: readonly RequestListener[] = [
      (request) => request.socket.destroy(),
      (request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('x', () => request.socket.destroy());
      },
      answering(half, { 'content-encoding': 'gzip' }),
    ];
    for (const listener of listeners) {
      const site = await serve(listener);
      const error = await errorOf(send(site.url));
      expect(error.code).toBe('TARGET_FAILED');
      expect(failureOf(error)).toEqual({ retry: 'retryable', type: 'connection_lost' });
    }
  });

  it('says that a name without an address is worth a retry', async () => {
    for (const resolve of [
      () => Promise.resolve([]),
      () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' })),
    ]) {
      const error = await errorOf(outboundOf({ resolve }).request(requestOf('http://none.test/')));
      expect(failureOf(error)).toEqual({ retry: 'retryable', type: 'name_not_resolved' });
    }
  });

  it('says that a server without TLS is final', async () => {
    const site = await serve(() => undefined);
    const error = await errorOf(send(site.url.replace('http:', 'https:')));
    expect(failureOf(error)).toEqual({ retry: 'final', type: 'tls_failed' });
  });

  it('never shows path, query or header values', async () => {
    const silent = await serve(() => undefined);
    const broken = await serve((request) => request.socket.destroy());
    const large = await serve(answering('x'.repeat(5000)));
    const headers = { authorization: 'SECRET' };
    for (const url of [
      silent.url,
      broken.url,
      large.url,
      'http://10.0.0.1',
      'http://none.invalid',
    ]) {
      const request = requestOf(`${url}/SECRET?SECRET#SECRET`, { headers, timeoutMs: 300 });
      const error = await errorOf(outboundOf().request(request));
      expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('SECRET');
    }
  });

  it('lets what is in flight end when it is closed, and takes no request afterwards', async () => {
    const site = await serve((_request, response) => {
      setTimeout(() => response.end('x'), 200);
    });
    const outbound = createOutbound({ allow: ['127.0.0.1'] });
    const pending = outbound.request(requestOf(site.url));
    await until(() => site.openSockets() === 1);
    await outbound.close();
    expect((await pending).body.toString()).toBe('x');
    await until(() => site.openSockets() === 0);
    expect((await errorOf(outbound.request(requestOf(site.url)))).code).toBe('TARGET_FAILED');
  });
});
