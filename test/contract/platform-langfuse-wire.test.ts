import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

import { afterEach, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';

import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import { platformItemId } from '../../src/core/ids/platform-ids.js';
import type { Platform } from '../../src/platforms/port.js';
import { keys } from './langfuse-support.js';
import { exportOf, makeRun, platformFor, scoreIdsOf, soon } from './platform-langfuse-support.js';

// What no well-behaved server does: these answers are written byte by byte.
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Seen {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly port: number | undefined;
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

async function serve(answer: Answer): Promise<{ platform: Platform; seen: Seen[]; url: string }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks),
        port: request.socket.remotePort,
      });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const platform = platformFor(url);
  closers.push(
    () => platform.close(),
    () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  );
  return { platform, seen, url };
}

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

const spansOf = (platform: Platform, count = 1) =>
  exportOf(
    makeRun(count)
      .encode(platform)
      .map(({ spans }) => spans),
  );

async function spanIds(platform: Platform): Promise<string[]> {
  const ids: string[] = [];
  const pages = platform.readBack({
    run: makeRun(1).context.run,
    runUid: 'r',
    from: '2026-11-20T00:00:00.000Z',
    kind: 'spans',
    signal: soon(),
  });
  for await (const page of pages) ids.push(...(page.spans ?? []).map(({ spanId }) => spanId));
  return ids;
}

describe('an export', () => {
  it('is one request with the version header, authorised, compressed where large', async () => {
    const { platform, seen } = await serve((response) => json(response, 200, {}));
    const batch = spansOf(platform, 50);
    expect(await platform.send(batch, soon())).toMatchObject({ outcome: 'accepted' });
    expect(seen).toHaveLength(1);
    expect(seen[0]?.headers).toMatchObject({
      'x-langfuse-ingestion-version': '4',
      'content-encoding': 'gzip',
      'content-type': 'application/json',
      authorization: expect.stringMatching(/^Basic /) as unknown,
    });
    const text = gunzipSync(seen[0]?.body ?? Buffer.alloc(0)).toString();
    expect(text.split(`"stringValue":"${batch.exportId}"`)).toHaveLength(251);
  });

  it('has identical bytes when it is sent again', async () => {
    const { platform, seen } = await serve((response) => json(response, 200, {}));
    const batch = spansOf(platform);
    await platform.send(batch, soon());
    await platform.send(batch, soon());
    expect(seen[0]?.body.equals(seen[1]?.body ?? Buffer.alloc(0))).toBe(true);
  });

  it('goes through the dispatcher that was given, which stays open after close', async () => {
    const { url } = await serve((response) => json(response, 200, {}));
    const agent = new Agent();
    closers.unshift(() => agent.destroy());
    const paths: string[] = [];
    const dispatcher = agent.compose((dispatch) => (options, handler) => {
      paths.push(options.path);
      return dispatch(options, handler);
    });
    const platform = createLangfusePlatform({
      baseUrl: url,
      ...keys,
      environment: 'assay',
      dispatcher,
    });
    await platform.send(spansOf(platform), soon());
    await platform.close();
    expect(await platform.send(spansOf(platform), soon())).toMatchObject({ outcome: 'accepted' });
    expect(paths).toEqual(Array.from({ length: 2 }, () => '/api/public/otel/v1/traces'));
  });

  it('is unreachable where nobody listens', async () => {
    const { platform } = await serve((response) => json(response, 200, {}));
    for (const close of closers.splice(1)) await close();
    expect(await platform.send(spansOf(platform), soon())).toMatchObject({
      outcome: 'unreachable',
      reason: 'ECONNREFUSED',
    });
  });

  it('is not sent at all after its deadline', async () => {
    const { platform, seen } = await serve((response) => json(response, 200, {}));
    const over = AbortSignal.abort(new Error('over'));
    expect(await platform.send(spansOf(platform), over)).toMatchObject({ outcome: 'unreachable' });
    expect(seen).toHaveLength(0);
  });

  it('asks whether it may leave once its body is compressed, and then sends nothing where not', async () => {
    const { platform, seen } = await serve((response) => json(response, 200, {}));
    let allowed = true;
    const sending = platform.send(spansOf(platform, 50), soon(), () => allowed);
    // The body is being compressed by now: this is where a frozen process loses its session.
    allowed = false;
    expect(await sending).toEqual({
      outcome: 'unreachable',
      reason: 'held back before it was sent',
    });
    expect(seen).toHaveLength(0);
    allowed = true;
    expect(await platform.send(spansOf(platform, 50), soon(), () => allowed)).toMatchObject({
      outcome: 'accepted',
    });
  });

  it('has certainly not arrived where its deadline ends while its body is compressed', async () => {
    const { platform, seen } = await serve((response) => json(response, 200, {}));
    const deadline = new AbortController();
    const sending = platform.send(spansOf(platform, 50), deadline.signal);
    deadline.abort(new Error('over'));
    expect(await sending).toMatchObject({ outcome: 'unreachable' });
    expect(seen).toHaveLength(0);
  });

  it('is unclear, and says why, where no answer comes in time', async () => {
    const { platform } = await serve(() => undefined);
    expect(await platform.send(spansOf(platform), AbortSignal.timeout(100))).toEqual({
      outcome: 'ambiguous',
      reason: 'no whole answer: TimeoutError',
    });
  });

  it('is unclear where the connection ends without an answer', async () => {
    const { platform } = await serve((_, request) => request.socket.destroy());
    expect(await platform.send(spansOf(platform), soon())).toMatchObject({ outcome: 'ambiguous' });
  });

  it('is unclear where the answer to its spans breaks off after the status, as a page of a proxy may', async () => {
    const { platform } = await serve((response, request) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{', () => request.socket.destroy());
    });
    expect(await platform.send(spansOf(platform), soon())).toMatchObject({ outcome: 'ambiguous' });
  });

  it('of scores is unclear where the list of errors breaks off', async () => {
    const { platform } = await serve((response, request) => {
      response.writeHead(207, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{', () => request.socket.destroy());
    });
    const batch = exportOf(
      makeRun(1)
        .encode(platform)
        .map(({ scores }) => scores),
    );
    expect(await platform.send(batch, soon())).toMatchObject({ outcome: 'ambiguous' });
  });

  it('takes another connection after a 413, since the server may reset the old one', async () => {
    const { platform, seen } = await serve((response) => {
      if (seen.length > 1) json(response, 200, {});
      else response.writeHead(413).end('Body exceeded 4.5mb limit');
    });
    expect(await platform.send(spansOf(platform, 2), soon())).toMatchObject({
      outcome: 'refused',
      code: 'PLATFORM_REFUSED',
      reason: '413: Body exceeded 4.5mb limit',
      splittable: true,
    });
    expect(await platform.send(spansOf(platform), soon())).toMatchObject({ outcome: 'accepted' });
    expect(seen[0]?.port).not.toBe(seen[1]?.port);
  });

  it('follows no redirect: a copy must not go where nobody looks for it', async () => {
    const { platform, seen } = await serve((response) => {
      response.writeHead(308, { location: '/elsewhere' }).end();
    });
    expect(await platform.send(spansOf(platform), soon())).toMatchObject({ outcome: 'later' });
    expect(seen).toHaveLength(1);
  });
});

describe('a server', () => {
  const described = async (answer: Answer) => {
    const { platform } = await serve(answer);
    return platform.describe(soon()).catch((error: unknown) => error);
  };

  const legacy =
    (version: string): Answer =>
    (response, request) => {
      if (request.url === '/api/public/health') json(response, 200, { status: 'OK', version });
      else if (request.url === '/api/public/projects') {
        json(response, 200, { data: [{ id: 'p', name: 'n' }] });
      } else json(response, 404, { message: 'only in v4', error: 'LangfuseNotFoundError' });
    };

  it('before 3.63 is not supported, with its version and a way out', async () => {
    expect(await described(legacy('3.62.1'))).toMatchObject({
      code: 'PLATFORM_UNSUPPORTED',
      message: expect.stringContaining('3.62.1') as unknown,
      mend: expect.stringContaining('3.63') as unknown,
    });
  });

  it.each(['3.140.0', '4.16.0'])(
    'of version %s without the v4 API is a v3 server',
    async (version) => {
      expect(await described(legacy(version))).toMatchObject({ version, generation: 'v3' });
    },
  );

  it('of a 3.x version need not know the route of the probe, a later one must', async () => {
    const page =
      (version: string): Answer =>
      (response, request) => {
        if (request.url?.startsWith('/api/public/experiments') !== true) {
          legacy(version)(response, request);
        } else response.writeHead(404, { 'content-type': 'text/html' }).end('<html>');
      };
    expect(await described(page('3.70.0'))).toMatchObject({ generation: 'v3' });
    expect(await described(page('4.16.0'))).toMatchObject({
      code: 'PLATFORM_UNSUPPORTED',
      mend: expect.stringContaining('LANGFUSE_HOST') as unknown,
    });
  });

  it('that is no Langfuse is told by what it answers', async () => {
    const page: Answer = (response) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
    expect(await described(page)).toMatchObject({
      code: 'PLATFORM_REFUSED',
      mend: expect.stringContaining('LANGFUSE_HOST') as unknown,
    });
    expect(await described((response) => json(response, 200, { hello: 1 }))).toMatchObject({
      code: 'PLATFORM_REFUSED',
    });
  });

  it.each([
    [200, 'text/html', '<html>Back soon'],
    [200, 'text/plain', 'Back soon'],
    [302, 'text/plain', ''],
    [404, 'text/html', '<html>'],
    [404, 'application/json', '{"message":"no such route"}'],
    [405, 'text/plain', ''],
  ])(
    'whose proxy answers %d %s amid a run is away, and refuses nothing',
    async (status, type, text) => {
      const { platform } = await serve(
        (response) => void response.writeHead(status, { 'content-type': type }).end(text),
      );
      const passing = { code: 'PLATFORM_UNREACHABLE', retryAfterMs: 15_000 };
      for (const records of ['spans', 'scores'] as const) {
        const batch = exportOf(
          makeRun(1)
            .encode(platform)
            .map((record) => record[records]),
        );
        await expect(platform.findExport(batch, soon())).rejects.toMatchObject(passing);
      }
      await expect(spanIds(platform)).rejects.toMatchObject(passing);
      await expect(
        scoreIdsOf(platform, { run: makeRun(1).context.run, traceIds: ['t'] }),
      ).rejects.toMatchObject(passing);
    },
  );

  it('that refuses a question in its own words is believed', async () => {
    const { platform } = await serve((response) => json(response, 400, { message: 'bad filter' }));
    await expect(spanIds(platform)).rejects.toMatchObject({ code: 'PLATFORM_REFUSED' });
  });

  it.each([
    // As the real server's source has it: strictly after the border's (start, trace, span).
    ['hides the second copy of a page border', ['a', 'b'], ['a', 'c']],
    ['shows the page border again', ['a', 'b'], ['b', 'b', 'a', 'c']],
    ['shows both copies of the border on one page', ['b', 'b'], ['a', 'a', 'c']],
  ])('that %s loses and makes up no copy', async (_, first, second) => {
    const row = (id: string) => ({ id, traceId: 't', startTime: '2026-11-20T10:00:00.000Z' });
    const copies = { a: 2, b: 2, c: 1 };
    const { platform } = await serve((response, request) => {
      const query = new URL(request.url ?? '', 'http://x').searchParams;
      const exact = /"column":"id","operator":"=","value":"(.)"/.exec(
        query.get('filter') ?? '',
      )?.[1];
      if (exact !== undefined) {
        const count = copies[exact as keyof typeof copies];
        json(response, 200, { data: Array.from({ length: count }, () => row(exact)), meta: {} });
      } else if (query.get('cursor') === null) {
        json(response, 200, { data: first.map(row), meta: { cursor: 'x' } });
      } else json(response, 200, { data: second.map(row), meta: {} });
    });
    expect((await spanIds(platform)).sort()).toEqual(['a', 'a', 'b', 'b', 'c']);
  });

  it('is asked for an export from its earliest span on, not through all its past', async () => {
    const { platform, seen } = await serve((response) =>
      json(response, 200, { data: [], meta: {} }),
    );
    const output = '"startTimeUnixNano":"1"';
    const batch = exportOf(
      makeRun(2, { output })
        .encode(platform)
        .map(({ spans }) => spans),
    );
    expect((await platform.findExport(batch, soon())).size).toBe(0);
    const filter = new URL(seen[0]?.path ?? '', 'http://x').searchParams.get('filter') ?? '';
    expect(JSON.parse(filter)).toEqual([
      {
        type: 'stringObject',
        column: 'metadata',
        key: 'assay.export_id',
        operator: '=',
        value: batch.exportId,
      },
      {
        type: 'datetime',
        column: 'startTime',
        operator: '>=',
        value: '2026-11-20T10:00:00.000Z',
      },
    ]);
  });

  it('that keeps old values for null is told to clear an expectation by the text of null', async () => {
    const old = { id: platformItemId('d', 'gone'), status: 'ACTIVE', input: {}, expectedOutput: 1 };
    const { platform, seen } = await serve((response, request) => {
      if (request.method === 'POST') json(response, 200, old);
      else json(response, 200, { data: [old], meta: { page: 1, totalPages: 1 } });
    });
    const items = ['gone', 'new'].map((id) => ({ id, input: {}, metadata: {} }));
    await platform.ensureItems({
      dataset: 'd',
      items,
      signal: soon(),
      onProgress: () => undefined,
    });
    const bodies = seen.slice(1).map(({ body }) => JSON.parse(body.toString()) as object);
    expect(bodies).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: old.id, expectedOutput: 'null', status: 'ACTIVE' }),
        expect.objectContaining({ id: platformItemId('d', 'new'), expectedOutput: null }),
      ]),
    );
  });

  it('that repeats its cursor for ever is not read for ever', async () => {
    const { platform } = await serve((response) =>
      json(response, 200, {
        data: [{ id: 'a', traceId: 't', startTime: '2026-11-20T10:00:00.000Z' }],
        meta: { cursor: 'x' },
      }),
    );
    expect(await spanIds(platform)).toEqual(['a']);
  });

  it('that is asked a hundred times leaves no listener on the signal of the caller', async () => {
    const { platform } = await serve(legacy('4.16.0'));
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const { signal } = new AbortController();
    for (let count = 0; count < 34; count += 1) {
      await platform.describe(signal).catch(() => undefined);
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});
