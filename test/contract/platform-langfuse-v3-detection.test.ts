import { afterEach, describe, expect, it } from '@jest/globals';

import { startLangfuseServer, type LangfuseServer } from '../../src/devstack/langfuse/server.js';
import type { LangfuseServerOptions } from '../../src/devstack/langfuse/server.js';
import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import type { Platform } from '../../src/platforms/port.js';
import { createTestDatabase } from '../support/database.js';
import { optionsFor, TestServer } from './langfuse-support.js';
import {
  exportOf,
  idsOf,
  platformFor,
  requestsTo,
  scoreIdsOf,
  soon,
  spanRows,
} from './platform-langfuse-support.js';
import { linkPath, planRun, shownRun, spansOf } from './platform-langfuse-v3-support.js';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(options: Partial<LangfuseServerOptions>) {
  const server = await TestServer.start(options);
  closers.push(() => server.stop());
  const platform = opened(server.url);
  return { server, platform };
}

function opened(url: string): Platform {
  const platform = platformFor(url);
  closers.push(() => platform.close());
  return platform;
}

/** Servers that follow each other at one address, on one database: upgrades. */
async function sequence() {
  const database = await createTestDatabase('template0');
  closers.push(() => database.drop());
  let server: LangfuseServer | undefined;
  closers.push(async () => server?.close());
  return {
    become: async (options: Partial<LangfuseServerOptions>): Promise<string> => {
      const port = server === undefined ? 0 : Number(new URL(server.url).port);
      await server?.close();
      server = undefined;
      server = await startLangfuseServer(optionsFor(database.url, { ...options, port }));
      return server.url;
    },
  };
}

it('a server is of the generation that it answers as, or too old', async () => {
  const { become } = await sequence();
  for (const [mode, version, generation] of [
    ['events_only', '4.16.0', 'v4'],
    ['dual', '4.16.0', 'v4'],
    ['legacy', '4.16.0', 'v3'],
    ['legacy', '3.63.0', 'v3'],
  ] as const) {
    const platform = opened(await become({ mode, version }));
    expect(await platform.describe(soon())).toMatchObject({ version, generation });
  }
  const old = opened(await become({ mode: 'legacy', version: '3.62.1' }));
  await expect(old.describe(soon())).rejects.toMatchObject({
    code: 'PLATFORM_UNSUPPORTED',
    message: expect.stringMatching(/3\.62\.1.*3\.63 or later/) as unknown,
    mend: expect.stringContaining('Upgrade') as unknown,
  });
});

describe('the keys of a v3 server', () => {
  it('that are wrong are refused before anything is sent, and stand in no message', async () => {
    const { server, platform } = await serve({ mode: 'legacy' });
    const planned = await planRun(platform, 1);
    const stranger = createLangfusePlatform({
      baseUrl: server.url,
      publicKey: 'pk-lf-x',
      secretKey: 'sk-lf-hunter2',
      environment: 'assay',
    });
    closers.push(() => stranger.close());
    const error: unknown = await stranger.describe(soon()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'PLATFORM_UNAUTHORIZED' });
    const batch = spansOf(planned.encode());
    const outcome = await stranger.send(batch, soon());
    expect(outcome).toMatchObject({ outcome: 'refused', code: 'PLATFORM_UNAUTHORIZED' });
    await expect(stranger.findExport(batch, soon())).rejects.toMatchObject({
      code: 'PLATFORM_UNAUTHORIZED',
    });
    expect(JSON.stringify([error, outcome])).not.toContain('hunter2');
    expect(await shownRun(server, planned)).toBeUndefined();
  });

  it('of another project than the run are told by both projects', async () => {
    const { become } = await sequence();
    const platform = opened(await become({ mode: 'legacy' }));
    const { run } = (await planRun(platform, 1)).context;
    await platform.checkRun?.(run, soon());
    const other = opened(
      await become({ mode: 'legacy', projectId: 'project-b', projectName: 'team b' }),
    );
    await expect(other.checkRun?.(run, soon())).rejects.toMatchObject({
      code: 'PLATFORM_PROJECT_CHANGED',
      message: expect.stringMatching(/team b.*project-contract/) as unknown,
      mend: expect.stringContaining('LANGFUSE_SECRET_KEY') as unknown,
    });
  });
});

describe('a run on a v3 server', () => {
  it('that is there from elsewhere is a conflict, and its own is none', async () => {
    const { server, platform } = await serve({ mode: 'legacy' });
    const planned = await planRun(platform, 2, 2);
    const { request } = planned;
    expect(await platform.prepareRun(request)).toEqual(planned.context.run);
    await platform.send(spansOf(planned.encode({ repetition: 2 })), soon());
    expect(await platform.prepareRun(request)).toEqual(planned.context.run);
    const other = { ...request, context: { ...request.context, runUid: 'another' } };
    await expect(platform.prepareRun(other)).rejects.toMatchObject({
      code: 'EXPERIMENT_EXISTS_ELSEWHERE',
      message: expect.stringContaining('(repetition 2)') as unknown,
    });
    // One that the team made by an SDK has no mark of ours at all.
    const foreign = await planRun(platform, 1);
    const items = await server.call(
      `/api/public/dataset-items?datasetName=${encodeURIComponent(foreign.name)}`,
    );
    const [item] = items.body['data'] as readonly { readonly id: string }[];
    await server.post(linkPath, {
      runName: foreign.context.experiment,
      datasetItemId: item?.id,
      traceId: 'made-elsewhere',
    });
    await expect(platform.prepareRun(foreign.request)).rejects.toMatchObject({
      code: 'EXPERIMENT_EXISTS_ELSEWHERE',
    });
  });

  it('goes on where a worker knows nothing of the server but the run', async () => {
    const { server, platform } = await serve({ mode: 'legacy' });
    const planned = await planRun(platform, 3);
    const batch = spansOf(planned.encode());
    const fresh = opened(server.url);
    expect(await fresh.send(batch, soon())).toMatchObject({ outcome: 'accepted' });
    expect(await opened(server.url).findExport(batch, soon())).toEqual(idsOf(batch));
    expect(await spanRows(opened(server.url), planned.context)).toHaveLength(15);
    const traceId = batch.records[0]?.traceId ?? '';
    expect(await opened(server.url).readTrace(traceId, soon())).toMatchObject({ id: traceId });
  });
});

describe('a server that is upgraded in the middle of a run', () => {
  it('takes the rest as a v4 server does, each span once', async () => {
    const { become } = await sequence();
    const url = await become({ mode: 'legacy', version: '3.140.0' });
    const platform = opened(url);
    const planned = await planRun(platform, 4);
    const records = planned.encode();
    const [first, second] = [spansOf(records.slice(0, 2)), spansOf(records.slice(2))];
    expect(await platform.send(first, soon())).toMatchObject({ outcome: 'accepted' });

    await become({ mode: 'events_only' });
    expect(await platform.send(second, soon())).toMatchObject({ outcome: 'accepted' });
    // Whoever looks now, this process or one that knows nothing, sees what the server holds.
    for (const looking of [platform, opened(url)]) {
      expect(await looking.findExport(second, soon())).toEqual(idsOf(second));
      expect(await spanRows(looking, planned.context)).toHaveLength(10);
      expect((await looking.findExport(first, soon())).size).toBe(0);
    }
    // The experiment there is the run: the same id, and no conflict with itself.
    expect(await platform.prepareRun(planned.request)).toEqual({
      ...planned.context.run,
      generation: 'v4',
    });
    const trace = await platform.readTrace(second.records[0]?.traceId ?? '', soon());
    expect(trace.observations).toHaveLength(5);
    // What was lost with the old tables is sent again as a repair does, once.
    expect(await platform.send({ ...first, again: true }, soon())).toMatchObject({
      outcome: 'accepted',
    });
    const rows = await spanRows(platform, planned.context);
    expect(rows).toHaveLength(20);
    expect(new Set(rows.map(({ spanId }) => spanId)).size).toBe(20);
  });

  it('takes the scores of the run under the id that the run has there', async () => {
    const { become } = await sequence();
    const url = await become({ mode: 'legacy' });
    const platform = opened(url);
    const planned = await planRun(platform, 1);
    await platform.send(spansOf(planned.encode()), soon());
    const [record] = platform.encodeRunScores({
      scores: [
        {
          repetition: 1,
          name: 'category.pass_rate',
          evaluator: 'category',
          value: 1,
          comment: { passed_items: [], failed_items: [], reasoning: '1 of 1', suggestions: [] },
        },
      ],
      run: planned.context,
      timestamp: '2026-11-20T10:10:00.000Z',
    });
    if (record === undefined) throw new Error('no record');
    await become({ mode: 'events_only' });
    const batch = exportOf([{ kind: 'scores', body: record.body, traceId: '', ids: record.ids }]);
    // The id that the run had on the old server is still known to this process.
    expect(await platform.send(batch, soon())).toEqual({ outcome: 'accepted', refused: [] });
    const runIds = [record.runId];
    expect(await scoreIdsOf(platform, { run: planned.context.run, runIds })).toEqual(record.ids);
  });

  it('to both APIs shows what it took before and after', async () => {
    const { become } = await sequence();
    const url = await become({ mode: 'legacy' });
    const platform = opened(url);
    const planned = await planRun(platform, 2);
    const [first, second] = planned.encode().map((record) => spansOf([record]));
    if (first === undefined || second === undefined) throw new Error('no records');
    await platform.send(first, soon());
    await become({ mode: 'dual' });
    expect(await platform.send(second, soon())).toMatchObject({ outcome: 'accepted' });
    expect(await platform.findExport(second, soon())).toEqual(idsOf(second));
  });
});

describe('a server in the mode dual', () => {
  it('is published to by the v4 API alone, each cell once', async () => {
    const { server, platform } = await serve({ mode: 'dual' });
    const planned = await planRun(platform, 3);
    expect(planned.context.run.generation).toBe('v4');
    const records = planned.encode();
    const batch = spansOf(records);
    expect(await platform.send(batch, soon())).toEqual({ outcome: 'accepted', refused: [] });
    await platform.send(exportOf(records.map(({ scores }) => scores)), soon());
    expect(await requestsTo(server, 'POST', linkPath)).toEqual([]);
    expect(await platform.findExport(batch, soon())).toEqual(idsOf(batch));
    expect(await spanRows(platform, planned.context)).toHaveLength(15);
  });
});
