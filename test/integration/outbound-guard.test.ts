import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import type { AssayError } from '../../src/core/errors/assay-error.js';
import {
  createOutbound,
  type Outbound,
  type OutboundRequest,
} from '../../src/outbound/outbound.js';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

interface Site {
  readonly port: number;
  /** Connections that reached it. */
  readonly connections: () => number;
}

async function serve(listener: RequestListener, host = '127.0.0.1'): Promise<Site> {
  const server: Server = createServer(listener);
  let connections = 0;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  open.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        for (const socket of sockets) socket.destroy();
      }),
  );
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

function outboundOf(options: Parameters<typeof createOutbound>[0]): Outbound {
  const outbound = createOutbound(options);
  open.push(() => outbound.close());
  return outbound;
}

const get = (url: string): OutboundRequest => ({
  url,
  method: 'GET',
  timeoutMs: 5000,
  maxBytes: 1000,
});
const ok: RequestListener = (_request, response) => void response.end('ok');
const closing: RequestListener = (_request, response) =>
  void response.setHeader('connection', 'close').end('ok');

describe('the outbound guard', () => {
  it.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '017700000001',
    '127.0.0.1.',
    '0.0.0.0',
    '0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    'localhost',
    'LOCALHOST',
    '%6c%6f%63%61%6c%68%6f%73%74',
    '①②⑦.⓪.⓪.①',
  ])('closes loopback written as %s, and nothing reaches the server', async (host) => {
    const site = await serve(ok, '0.0.0.0');
    await expect(
      outboundOf({ allow: [] }).request(get(`http://${host}:${site.port}/`)),
    ).rejects.toMatchObject({ code: 'ADDRESS_FORBIDDEN' });
    expect(site.connections()).toBe(0);
  });

  it.each([
    '10.0.0.1',
    '192.168.0.1',
    '172.16.3.4',
    '100.64.0.1',
    '224.0.0.1',
    '[fd00::1]',
    '[ff02::1]',
  ])('closes %s', async (host) => {
    await expect(outboundOf({ allow: [] }).request(get(`http://${host}/`))).rejects.toMatchObject({
      code: 'ADDRESS_FORBIDDEN',
    });
  });

  it.each([
    '169.254.169.254',
    '[fe80::1]',
    '[::ffff:169.254.169.254]',
    '2852039166',
    '[fd00:ec2::254]',
  ])('closes %s even where it is allowed', async (host) => {
    const allow = ['169.254.169.254', '169.254.0.0/16', '0.0.0.0/0', '::/0', 'fe80::/10'];
    await expect(
      outboundOf({ allow }).request(get(`http://${host}/latest/`)),
    ).rejects.toMatchObject({
      code: 'ADDRESS_FORBIDDEN',
    });
  });

  it('opens what `allow` names: an address, a range, a host, each with its port', async () => {
    const site = await serve(ok);
    for (const [allow, host] of [
      ['127.0.0.1', '127.0.0.1'],
      ['127.0.0.0/8', '127.0.0.1'],
      [`127.0.0.1:${site.port}`, '127.0.0.1'],
      ['127.0.0.1', '[::ffff:127.0.0.1]'],
    ] as const) {
      const answer = await outboundOf({ allow: [allow] }).request(
        get(`http://${host}:${site.port}/`),
      );
      expect(answer.body.toString()).toBe('ok');
    }
    const resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    const named = outboundOf({ allow: ['site.test'], resolve });
    expect((await named.request(get(`http://site.test:${site.port}/`))).status).toBe(200);
    const otherPort = outboundOf({ allow: [`site.test:${site.port + 1}`], resolve });
    await expect(otherPort.request(get(`http://site.test:${site.port}/`))).rejects.toMatchObject({
      code: 'ADDRESS_FORBIDDEN',
    });
  });

  it('closes a name that resolves to a closed address, alone or among open ones', async () => {
    const site = await serve(ok);
    for (const addresses of [
      [{ address: '127.0.0.1', family: 4 }],
      [
        { address: '93.184.215.14', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
      [{ address: '::ffff:127.0.0.1', family: 6 }],
      [{ address: 'not an address', family: 4 }],
    ]) {
      const outbound = outboundOf({ allow: [], resolve: () => Promise.resolve(addresses) });
      await expect(outbound.request(get(`http://site.test:${site.port}/`))).rejects.toMatchObject({
        code: 'ADDRESS_FORBIDDEN',
      });
    }
    expect(site.connections()).toBe(0);
  });

  it('connects to the very address that it checked: a name is resolved once a connection', async () => {
    const site = await serve(closing);
    const answers = ['127.0.0.1', '10.255.255.1'];
    let asked = 0;
    const outbound = outboundOf({
      allow: ['127.0.0.1'],
      resolve: () => {
        const address = answers[asked] ?? '127.0.0.1';
        asked += 1;
        return Promise.resolve([{ address, family: 4 }]);
      },
    });
    const url = `http://rebind.test:${site.port}/`;
    expect((await outbound.request(get(url))).status).toBe(200);
    expect(asked).toBe(1);
    // The name is rebound to a closed address between two connections.
    await expect(outbound.request(get(url))).rejects.toMatchObject({ code: 'ADDRESS_FORBIDDEN' });
    expect(asked).toBe(2);
    expect(site.connections()).toBe(1);
  });

  it.each([
    'ftp://example.com/',
    'file:///etc/passwd',
    'data:text/plain,x',
    'http://user@example.com/',
    'http://user:pass@example.com/',
    'http://',
    '//example.com/',
    'not a url',
  ])('refuses %s', async (url) => {
    await expect(outboundOf({ allow: [] }).request(get(url))).rejects.toMatchObject({
      code: 'ADDRESS_FORBIDDEN',
    });
  });

  it('follows no redirect and names its origin only', async () => {
    const inner = await serve(ok);
    const outer = await serve((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${inner.port}/admin?token=SECRET` });
      response.end();
    });
    const outbound = outboundOf({ allow: [`127.0.0.1:${outer.port}`] });
    const error: unknown = await outbound
      .request(get(`http://127.0.0.1:${outer.port}/?key=SECRET`))
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'REDIRECT_REFUSED' });
    const { message } = error as AssayError;
    expect(message).toContain('302');
    expect(message).toContain(`http://127.0.0.1:${inner.port},`);
    expect(message).not.toMatch(/SECRET|admin/);
    expect(inner.connections()).toBe(0);
  });

  it.each([
    ['javascript:alert(1)', 'another scheme'],
    ['http://[', 'an unreadable address'],
    ['/elsewhere', 'http://127.0.0.1'],
  ])('refuses a redirect to %s', async (location, named) => {
    const site = await serve((_request, response) => {
      response.writeHead(307, { location });
      response.end();
    });
    const outbound = outboundOf({ allow: ['127.0.0.1'] });
    await expect(outbound.request(get(`http://127.0.0.1:${site.port}/`))).rejects.toThrow(named);
  });

  it('uses no proxy of the environment', async () => {
    const proxy = await serve(ok);
    const site = await serve(ok);
    const names = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
    const before = names.map((name) => [name, process.env[name]] as const);
    try {
      for (const name of names) process.env[name] = `http://127.0.0.1:${proxy.port}`;
      await outboundOf({ allow: ['127.0.0.1'] }).request(get(`http://127.0.0.1:${site.port}/`));
    } finally {
      for (const [name, value] of before) {
        // Assigning undefined would set the text "undefined".
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      }
    }
    expect(proxy.connections()).toBe(0);
    expect(site.connections()).toBe(1);
  });
});
