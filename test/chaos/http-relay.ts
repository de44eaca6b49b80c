import {
  createServer,
  request as send,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

import type { Ambushes, Moment, Way } from './ambush.js';
import type { Relay } from './database-relay.js';
import type { RelayFate, RelayFaults } from './relay-faults.js';

/** A request that the service has answered, whatever became of its answer. */
export interface Delivered {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
  readonly status: number;
}

export interface HttpRelayOptions {
  readonly way: Way;
  readonly ambushes: Ambushes;
  /** Default: none. */
  readonly faults?: RelayFaults;
  readonly onDelivered?: (delivered: Delivered) => void;
}

const passing: RelayFate = { delayMs: 0, then: { kind: 'pass' } };

const bodyOf = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** Sends it on, on a connection of its own: a connection that the service drops takes nothing else along. */
const ask = (
  target: URL,
  request: IncomingMessage,
  body: Buffer,
): Promise<{ readonly answer: IncomingMessage; readonly body: Buffer }> =>
  new Promise((resolve, reject) => {
    const upstream = send(
      {
        hostname: target.hostname,
        port: target.port,
        method: request.method,
        path: request.url,
        headers: { ...request.headers, host: target.host, connection: 'close' },
        agent: false,
      },
      (answer) => {
        bodyOf(answer).then((answerBody) => resolve({ answer, body: answerBody }), reject);
      },
    );
    upstream.on('error', reject);
    upstream.end(body);
  });

const refuse = (
  response: ServerResponse,
  { status, retryAfterSeconds }: Extract<RelayFate['then'], { kind: 'refused' }>,
): void => {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
  response.end(JSON.stringify({ detail: 'ordered by a test', error: 'ordered by a test' }));
};

/** Carries HTTP as it is, but for faults that were ordered: a connection that the service drops is dropped here as well. */
export const openHttpRelay = async (
  targetUrl: string,
  { way, ambushes, faults, onDelivered }: HttpRelayOptions,
): Promise<Relay> => {
  const target = new URL(targetUrl);
  const passes = async (request: IncomingMessage, moment: Moment): Promise<boolean> => {
    const text = `${request.method ?? ''} ${request.url ?? ''}`;
    const ambush = ambushes.find(way, moment, (part) => text.includes(part));
    if (ambush === undefined) return true;
    return (await ambushes.spring(ambush, request.socket.remotePort ?? 0)) === 'forward';
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.on('error', () => undefined);
    const body = await bodyOf(request);
    const { method = 'GET', url: path = '/' } = request;
    if (!(await passes(request, 'sent'))) throw new Error('lost on the way there');
    const { delayMs, then } = faults?.fateOf(method) ?? passing;
    if (delayMs > 0) await wait(delayMs);
    if (then.kind === 'connection lost') throw new Error('lost on the way there');
    if (then.kind === 'refused') {
      refuse(response, then);
      return;
    }
    const { answer, body: answerBody } = await ask(target, request, body);
    onDelivered?.({ method, path, body, status: answer.statusCode ?? 0 });
    if (then.kind === 'answer lost') throw new Error('lost on the way back');
    if (!(await passes(request, 'answered'))) throw new Error('lost on the way back');
    const { 'transfer-encoding': _encoding, connection: _connection, ...headers } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, {
      ...headers,
      'content-length': answerBody.length,
    });
    response.end(answerBody);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  // A killed client leaves an error here; what it had sent goes on all the same.
  server.on('connection', (socket) => socket.on('error', () => undefined));
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = new URL(targetUrl);
  url.port = String(port);
  return {
    url: url.href.replace(/\/$/, ''),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
