import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A limit as Langfuse Cloud has it: so many requests in a window that begins with the first of them. */
export interface WindowLimit {
  readonly requests: number;
  readonly windowMs: number;
}

/** What a relay saw. */
export interface Relayed {
  /** Requests about datasets that the limit let through. */
  readonly passed: number;
  readonly refused: number;
  /** How often each item was written, by its id: those that the server took. */
  readonly writes: ReadonlyMap<string, number>;
}

/** Stands before a server and limits what is asked of its datasets. */
export interface LimitingRelay {
  readonly url: string;
  seen(): Relayed;
  close(): Promise<void>;
}

/**
 * Puts the rate limit of Langfuse Cloud before a server: fixed windows, for the organisation, for the requests about datasets
 * (https://langfuse.com/faq/all/api-limits: 100, 200 or 1,000 a minute). A refusal is a 429 in plain text with `Retry-After` in whole
 * seconds until the window ends, and `X-RateLimit-*`; what is let through says nothing of the limit.
 */
export async function startLimitingRelay(
  target: string,
  limit: WindowLimit,
): Promise<LimitingRelay> {
  let window = { endsAt: 0, taken: 0 };
  let passed = 0;
  let refused = 0;
  const writes = new Map<string, number>();
  const take = (): boolean => {
    const now = Date.now();
    if (now >= window.endsAt) window = { endsAt: now + limit.windowMs, taken: 0 };
    window.taken += 1;
    return window.taken <= limit.requests;
  };
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/';
    if (/^\/api\/public\/(?:v2\/)?dataset/.test(path)) {
      if (!take()) {
        refused += 1;
        incoming.resume();
        refuse(outgoing, limit, window.endsAt - Date.now());
        return;
      }
      passed += 1;
    }
    void pass(target, incoming, outgoing).then(({ body, status }) => {
      if (incoming.method !== 'POST' || !/\/dataset-items$/.test(path) || status !== 200) return;
      const { id } = JSON.parse(body) as { readonly id: string };
      writes.set(id, (writes.get(id) ?? 0) + 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen: () => ({ passed, refused, writes }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(outgoing: ServerResponse, limit: WindowLimit, leftMs: number): void {
  outgoing.writeHead(429, {
    'retry-after': String(Math.ceil(leftMs / 1_000)),
    'x-ratelimit-limit': String(limit.requests),
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': new Date(Date.now() + leftMs).toString(),
  });
  outgoing.end('429 - rate limit exceeded');
}

/** Hands a request on; resolves once it is answered. A server that is away drops the connection. */
async function pass(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<{ readonly body: string; readonly status: number }> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const { method = 'GET', url = '/' } = incoming;
  const { host: _host, ...headers } = incoming.headers;
  return new Promise((resolve) => {
    const onward = request(new URL(url, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      answer.on('end', () => resolve({ body: body.toString(), status: answer.statusCode ?? 502 }));
    });
    onward.on('error', () => {
      outgoing.destroy();
      resolve({ body: '', status: 502 });
    });
    onward.end(body);
  });
}
