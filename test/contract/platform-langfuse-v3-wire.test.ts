import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

import { afterEach, describe, expect, it } from '@jest/globals';

import type { EncodeContext, Platform } from '../../src/platforms/port.js';
import { cell, item, run } from '../unit/platforms/langfuse/cell-fixture.js';
import { exportOf, idsOf, platformFor, soon, spanRows } from './platform-langfuse-support.js';

// Servers of versions that cannot run here, and answers that no well-behaved one gives.
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

type Route = (asked: Asked) => { readonly status?: number; readonly body: unknown } | undefined;

async function serve(version: string, route: Route) {
  const seen: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://server');
      const raw = Buffer.concat(chunks);
      const zipped = request.headers['content-encoding'] === 'gzip';
      const asked = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        body: (zipped ? gunzipSync(raw) : raw).toString(),
      };
      seen.push(asked);
      reply(response, route(asked) ?? base(version, asked));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const platform = platformFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closers.push(
    () => platform.close(),
    () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  );
  const links = () =>
    seen.filter(({ method, path }) => method === 'POST' && path.endsWith('/dataset-run-items'));
  return { platform, seen, links };
}

const reply = (response: ServerResponse, answer: ReturnType<Route>): void => {
  const { status = 200, body } = answer ?? { status: 404, body: '<html>' };
  const html = typeof body === 'string';
  response
    .writeHead(status, { 'content-type': html ? 'text/html' : 'application/json' })
    .end(html ? body : JSON.stringify(body));
};

// A 3.x server does not know the route of the probe, and answers a page.
const base = (version: string, { method, path }: Asked): ReturnType<Route> => {
  if (path === '/api/public/health') return { body: { status: 'OK', version } };
  if (path === '/api/public/otel/v1/traces') return { body: {} };
  if (method === 'POST' && path === '/api/public/dataset-run-items') {
    return { body: { datasetRunId: 'run-made' } };
  }
  return undefined;
};

const context: EncodeContext = { ...run, run: { ...run.run, generation: 'v3' } };
const cellsOf = (platform: Platform, count: number) =>
  Array.from({ length: count }, (_, index) => {
    const own = { ...item, id: `ticket-${index}` };
    const [spans] = platform.encodeCell({ ...cell, itemId: own.id }, own, context);
    if (spans === undefined) throw new Error('no record');
    return spans;
  });

const paged = (rows: readonly unknown[], query: URLSearchParams) => {
  const [page, limit] = [Number(query.get('page')), Number(query.get('limit'))];
  return {
    data: rows.slice((page - 1) * limit, page * limit),
    meta: { page, limit, totalItems: rows.length, totalPages: Math.ceil(rows.length / limit) },
  };
};

const linkOf = (traceId: string, index: number) => ({
  id: `link-${index}-${traceId}`,
  traceId,
  datasetItemId: `item-${traceId}`,
  datasetRunId: 'run-made',
  createdAt: '2026-11-20T10:05:00.000Z',
});

describe('an export to an older server', () => {
  it.each([
    ['3.63.0', { data: expect.any(Array) as unknown }],
    ['3.80.0', { data: expect.any(Array) as unknown }],
    ['3.81.0', expect.stringMatching(/^[0-9a-f]{32}$/) as unknown],
  ])('of version %s has ids as it reads them, and names the public key', async (version, id) => {
    const { platform, seen, links } = await serve(version, () => undefined);
    const batch = exportOf(cellsOf(platform, 2));
    expect(await platform.send(batch, soon())).toEqual({ outcome: 'accepted', refused: [] });
    const sent = seen.find(({ path }) => path.endsWith('/traces'));
    const { scopeSpans } = (
      JSON.parse(sent?.body ?? '') as {
        resourceSpans: readonly [
          { scopeSpans: readonly [{ scope: object; spans: readonly { traceId: unknown }[] }] },
        ];
      }
    ).resourceSpans[0];
    expect(scopeSpans[0].scope).toMatchObject({
      attributes: [{ key: 'public_key', value: { stringValue: 'pk-lf-contract' } }],
    });
    expect(scopeSpans[0].spans).toHaveLength(10);
    for (const span of scopeSpans[0].spans) expect(span.traceId).toEqual(id);
    expect(links().map(({ body }) => (JSON.parse(body) as { traceId: string }).traceId)).toEqual(
      batch.records.map(({ traceId }) => traceId),
    );
  });
});

describe('a moved trace of no experiment', () => {
  it('is sent to an older server as that one reads it, and is put into no run', async () => {
    const { platform, seen, links } = await serve('3.80.0', () => undefined);
    const span = { name: 'step', kind: 'chain', startedAt: '2026-03-01T12:00:00Z', metadata: {} };
    const record = platform.traceSink?.encodeTrace(
      {
        id: 'trace-1',
        spans: [
          { ...span, id: 'a', kind: 'chain' },
          { ...span, id: 'b', kind: 'tool', parentId: 'gone' },
        ],
        tags: [],
        notCarried: [],
      },
      {
        origin: { platform: 'langsmith', projectId: 'w', group: { id: 'g', name: 'live' } },
        generation: 'v3',
      },
    );
    if (record === undefined) throw new Error('no record');
    expect(await platform.send(exportOf([record]), soon())).toEqual({
      outcome: 'accepted',
      refused: [],
    });
    const sent = seen.find(({ path }) => path.endsWith('/traces'))?.body ?? '';
    expect(sent).toContain('"traceId":{"data":[');
    expect(sent).toContain('"key":"public_key"');
    expect(links()).toEqual([]);
  });
});

/** The second page begins with the last row of the first, in the place of another. */
const withoutOne = <Row>(rows: readonly Row[]): readonly Row[] => [
  ...rows.slice(0, 100),
  ...rows.slice(99, 100),
  ...rows.slice(101),
];

describe('links of one moment', () => {
  it('that a page border hides are looked for on pages of another size, and not made again', async () => {
    let traces: readonly string[] = [];
    const { platform, links } = await serve('3.140.0', ({ method, path, query }) => {
      if (method !== 'GET' || path !== '/api/public/dataset-run-items') return undefined;
      const rows = traces.map(linkOf);
      // Ordered by a time that they share, so the server may deal them out to its pages as it likes.
      const given = query.get('limit') === '100' ? withoutOne(rows) : rows;
      return { body: paged(given, query) };
    });
    const records = cellsOf(platform, 150);
    traces = records.map(({ traceId }) => traceId);
    const batch = exportOf(records.slice(95, 105));
    expect(await platform.send({ ...batch, again: true }, soon())).toEqual({
      outcome: 'accepted',
      refused: [],
    });
    expect(links()).toEqual([]);
  });

  it('are all counted when the run is read back', async () => {
    let traces: readonly string[] = [];
    const { platform } = await serve('3.140.0', ({ path, query }) => {
      if (path === '/api/public/traces') {
        return {
          body: paged(
            traces.map((id) => ({ id, observations: [`s-${id}`] })),
            query,
          ),
        };
      }
      const rows = traces.map(linkOf);
      const given = query.get('limit') === '100' ? withoutOne(rows) : rows;
      return query.get('runName') === 'triage-nightly'
        ? { body: paged(given, query) }
        : { status: 404, body: { message: 'no run', error: 'LangfuseNotFoundError' } };
    });
    traces = cellsOf(platform, 150).map(({ traceId }) => traceId);
    expect(await spanRows(platform, context)).toHaveLength(150);
  });

  it('that stand twice, as on servers before 3.105, make a duplicate each', async () => {
    const traces = ['a'.repeat(32), 'b'.repeat(32)];
    const { platform } = await serve('3.70.0', ({ path, query }) => {
      if (path === '/api/public/traces') {
        const observations = (id: string) => [`${id}-1`, `${id}-2`];
        return {
          body: paged(
            traces.map((id) => ({ id, observations: observations(id) })),
            query,
          ),
        };
      }
      const rows = [...traces, traces[0] ?? ''].map(linkOf);
      return { body: paged(query.get('runName') === 'triage-nightly' ? rows : [], query) };
    });
    const rows = await spanRows(platform, context);
    expect(rows).toHaveLength(5);
    expect(new Set(rows.map(({ spanId }) => spanId)).size).toBe(4);
  });
});

describe('looking for an export', () => {
  it('that is not there ends at its first traces', async () => {
    const { platform, seen } = await serve('3.140.0', ({ path, query }) =>
      path === '/api/public/observations' ? { body: paged([], query) } : undefined,
    );
    const batch = exportOf(cellsOf(platform, 60));
    expect((await platform.findExport(batch, soon())).size).toBe(0);
    expect(seen.length).toBeLessThanOrEqual(4);
  });

  it('reads links no further back than to where its cells began', async () => {
    let batchSpans: ReadonlyMap<string, readonly string[]> = new Map();
    const old = Array.from({ length: 2_000 }, (_, index) => ({
      ...linkOf(`old-${index}`, index),
      createdAt: '2026-11-19T00:00:00.000Z',
    }));
    const { platform, seen } = await serve('3.140.0', ({ path, query }) => {
      if (path === '/api/public/observations') {
        const traceId = query.get('traceId') ?? '';
        const ids = batchSpans.get(traceId) ?? [];
        return {
          body: paged(
            ids.map((id) => ({ id, traceId })),
            query,
          ),
        };
      }
      return path === '/api/public/dataset-run-items' ? { body: paged(old, query) } : undefined;
    });
    const batch = exportOf(cellsOf(platform, 2));
    batchSpans = new Map(batch.records.map(({ traceId, ids }) => [traceId, ids]));
    const found = await platform.findExport(batch, soon());
    expect([...idsOf(batch)].filter((id) => !found.has(id))).toEqual(
      batch.records.map(({ ids }) => ids[0]),
    );
    expect(seen.filter(({ path }) => path.endsWith('run-items'))).toHaveLength(1);
  });
});

describe('an answer to a link', () => {
  const send = async (route: Route) => {
    const { platform } = await serve('3.140.0', (asked) =>
      asked.method === 'POST' && asked.path.endsWith('run-items') ? route(asked) : undefined,
    );
    return platform.send(exportOf(cellsOf(platform, 1)), soon());
  };

  it.each([
    ['a page of a proxy', { status: 404, body: '<html>' }],
    ['a page instead of an answer', { body: '<html>back soon' }],
    ['a refusal of the keys', { status: 401, body: { message: 'Invalid credentials' } }],
    ['something that is no link', { body: { hello: 1 } }],
    ['a stumble', { status: 500, body: { message: 'x' } }],
  ])('that is %s leaves the export unclear', async (_, answer) => {
    expect(await send(() => answer)).toMatchObject({ outcome: 'ambiguous' });
  });

  it('that refuses it for good refuses the root alone', async () => {
    const refusal = { status: 400, body: { message: 'Invalid request data', error: [] } };
    expect(await send(() => refusal)).toMatchObject({
      outcome: 'accepted',
      refused: [
        { rowId: 'row-0', reason: expect.stringContaining('Invalid request data') as unknown },
      ],
    });
  });
});
