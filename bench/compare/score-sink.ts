import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { AddressInfo } from 'node:net';

/**
 * A platform that answers in no time and keeps nothing but the count of scores by item: the peers are measured without what a
 * real server would cost them.
 */
export interface ScoreSink {
  readonly url: string;
  /** How many scores came for each item, by the comment that the evaluator gives. */
  readonly scores: ReadonlyMap<string, number>;
  clear(): void;
  close(): Promise<void>;
}

interface Ingestion {
  readonly batch?: readonly {
    readonly type: string;
    readonly body: { readonly comment?: string };
  }[];
}

export async function startScoreSink(): Promise<ScoreSink> {
  const scores = new Map<string, number>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.url?.endsWith('/ingestion') === true) {
        const raw = Buffer.concat(parts);
        const gzip = request.headers['content-encoding'] === 'gzip';
        const text = (gzip ? gunzipSync(raw) : raw).toString('utf8');
        for (const { type, body } of (JSON.parse(text) as Ingestion).batch ?? []) {
          if (type !== 'score-create' || body.comment === undefined) continue;
          scores.set(body.comment, (scores.get(body.comment) ?? 0) + 1);
        }
        response.writeHead(207, { 'content-type': 'application/json' });
        response.end('{"successes":[],"errors":[]}');
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    scores,
    clear: () => scores.clear(),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
