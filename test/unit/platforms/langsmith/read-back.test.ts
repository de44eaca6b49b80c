import { createServer, type Server } from 'node:http';

import { afterEach, describe, expect, it } from '@jest/globals';

import { createLangsmithPlatform } from '../../../../src/platforms/langsmith/platform.js';
import type { PlatformRun } from '../../../../src/platforms/port.js';

interface Row {
  readonly id: string;
  readonly trace_id: string;
  readonly session_id: string;
}

const row = (id: string): Row => ({ id, trace_id: `trace of ${id}`, session_id: 's' });
const run: PlatformRun = {
  platform: 'langsmith',
  projectId: 'p',
  datasetId: 'd',
  datasetName: 'tickets',
  runs: [{ name: 'nightly', id: 's' }],
};

let server: Server | undefined;
afterEach(async () => {
  await new Promise((resolve) => server?.close(resolve));
});

/** A server that shows these pages one after another, and of an id all its rows. */
async function shown(pages: readonly (readonly string[])[], rows: readonly string[]) {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { id, cursor } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
        readonly id?: readonly string[];
        readonly cursor?: string;
      };
      const at = Number(cursor ?? 0);
      const found = id === undefined ? (pages[at] ?? []) : rows.filter((each) => id.includes(each));
      const next = id === undefined && at + 1 < pages.length ? String(at + 1) : null;
      response.setHeader('content-type', 'application/json');
      response.setHeader('connection', 'close');
      response.end(JSON.stringify({ runs: found.map(row), cursors: { next } }));
    });
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const platform = createLangsmithPlatform({
    endpoint: `http://127.0.0.1:${port}`,
    apiKey: 'lsv2_pt_1',
  });
  const ids: string[] = [];
  for await (const page of platform.readBack({
    run,
    runUid: 'u',
    from: '2026-11-20T00:00:00.000Z',
    kind: 'spans',
    signal: AbortSignal.timeout(10_000),
  })) {
    ids.push(...(page.spans ?? []).map(({ spanId }) => spanId));
  }
  await platform.close();
  return ids.sort();
}

describe('reading runs back', () => {
  it('counts a row once that two pages show', async () => {
    expect(
      await shown(
        [
          ['a', 'b'],
          ['b', 'c'],
          ['c', 'b', 'd'],
        ],
        ['a', 'b', 'c', 'd'],
      ),
    ).toEqual(['a', 'b', 'c', 'd']);
  });

  it('counts two rows of one id as two, on one page and across two', async () => {
    expect(await shown([['a', 'a', 'b']], ['a', 'a', 'b'])).toEqual(['a', 'a', 'b']);
    expect(
      await shown(
        [
          ['a', 'b'],
          ['b', 'c'],
        ],
        ['a', 'b', 'b', 'c'],
      ),
    ).toEqual(['a', 'b', 'b', 'c']);
  });

  it('counts each id of one cell that was recorded twice', async () => {
    expect(await shown([['a-1'], ['a-2']], ['a-1', 'a-2'])).toEqual(['a-1', 'a-2']);
  });

  it('ends where cursors lead round in a circle', async () => {
    server = createServer((_request, response) => {
      asked += 1;
      response.setHeader('content-type', 'application/json');
      response.setHeader('connection', 'close');
      response.end(JSON.stringify({ runs: [row('a')], cursors: { next: String(asked % 2) } }));
    });
    let asked = 0;
    const listening = server;
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const address = listening.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const platform = createLangsmithPlatform({
      endpoint: `http://127.0.0.1:${port}`,
      apiKey: 'lsv2_pt_1',
    });
    const pages = platform.readBack({
      run,
      runUid: 'u',
      from: '2026-11-20T00:00:00.000Z',
      kind: 'spans',
      signal: AbortSignal.timeout(5_000),
    });
    let rows = 0;
    for await (const page of pages) rows += page.spans?.length ?? 0;
    expect(rows).toBe(1);
    await platform.close();
  });
});
