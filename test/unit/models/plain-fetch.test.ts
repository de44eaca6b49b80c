import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import { plainFetch } from '../../../src/models/plain-fetch.js';

const answer = JSON.stringify({ answer: 'paid for — ü' });
const bodies: Readonly<Record<string, Buffer>> = {
  identity: Buffer.from(answer),
  gzip: gzipSync(answer),
  deflate: deflateSync(answer),
  br: brotliCompressSync(answer),
  damaged: Buffer.from('no gzip at all'),
};

describe('the request of a model', () => {
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const encoding = request.url?.slice(1) ?? '';
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

  it('keeps what cannot be decompressed as it came: it is paid for', async () => {
    const response = await plainFetch(`${url}/damaged`, { body: '{}' });
    expect(await response.text()).toBe('no gzip at all');
  });
});
