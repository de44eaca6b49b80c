import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import { configSchema } from '../../../src/contracts/config.js';
import { createChatTransport } from '../../../src/models/openai-chat.js';
import { plainFetch } from '../../../src/models/plain-fetch.js';

const answer = JSON.stringify({ answer: 'paid for — ü' });
const bodies: Readonly<Record<string, Buffer>> = {
  identity: Buffer.from(answer),
  gzip: gzipSync(answer),
  deflate: deflateSync(answer),
  br: brotliCompressSync(answer),
  damaged: Buffer.from('no gzip at all'),
};
const tooMuch = 33 * 1024 * 1024;

/** Sends until nobody reads any more. */
function endless(response: ServerResponse): void {
  const chunk = Buffer.alloc(1024 * 1024, ' ');
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

describe('the request of a model', () => {
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const [encoding = '', status = '200'] = request.url?.slice(1).split('/') ?? [];
      if (encoding === 'endless') {
        response.writeHead(Number(status), { 'content-type': 'application/json' });
        endless(response);
        return;
      }
      if (encoding === 'bomb') {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(gzipSync(Buffer.alloc(tooMuch)));
        return;
      }
      const said = encoding === 'damaged' ? 'gzip' : encoding;
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': said });
      response.end(bodies[encoding]);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each(['identity', 'gzip', 'deflate', 'br'])('reads an answer as %s', async (encoding) => {
    const response = await plainFetch(`${url}/${encoding}`, { body: '{}' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ answer: 'paid for — ü' });
  });

  it.each(['endless', 'bomb'])('ends an answer that is too large, %s', async (kind) => {
    await expect(plainFetch(`${url}/${kind}`, { body: '{}' })).rejects.toMatchObject({
      cause: { code: 'RESPONSE_TOO_LARGE' },
    });
  });

  it('cuts what an error status comes with, and keeps the status', async () => {
    const response = await plainFetch(`${url}/endless/503`, { body: '{}' });
    expect(response.status).toBe(503);
    expect((await response.arrayBuffer()).byteLength).toBeLessThan(tooMuch);
  });

  it('tells of such an answer as an error of the cell, not of the network', async () => {
    const { models } = configSchema.parse({
      project: 'shop',
      targets: {},
      evaluators: {},
      models: { big: { model: 'big', baseUrl: `${url}/endless/200`, apiKey: 'env:KEY' } },
    });
    const [model] = Object.values(models);
    if (model === undefined) throw new Error('no model');
    const transport = createChatTransport(model, { KEY: 'sk-key' });
    const asked = { callId: 'call', signal: AbortSignal.timeout(10_000) };
    await expect(transport.send({}, asked)).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
  });

  it('takes an empty OPENAI_BASE_URL for one that is not set, as Compose passes it on', () => {
    const { models } = configSchema.parse({
      project: 'shop',
      targets: {},
      evaluators: {},
      models: { small: { model: 'gpt-4o-mini' } },
    });
    const [model] = Object.values(models);
    if (model === undefined) throw new Error('no model');
    const { address } = createChatTransport(model, { OPENAI_BASE_URL: '' });
    expect(address).toBe('https://api.openai.com/v1');
  });

  it('keeps what cannot be decompressed as it came: it is paid for', async () => {
    const response = await plainFetch(`${url}/damaged`, { body: '{}' });
    expect(await response.text()).toBe('no gzip at all');
  });
});
