import { randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';

import { createExporter } from '../../src/activities/experiment/export.js';
import { createPublish, refuseOtherProject } from '../../src/activities/experiment/publish.js';
import type { ExperimentPorts } from '../../src/activities/experiment/ports.js';
import { lookAtPlatform } from '../../src/activities/experiment/verify.js';
import { startLangfuseServer, type LangfuseServer } from '../../src/devstack/langfuse/server.js';
import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import type { EncodeContext, Platform, PlatformRun } from '../../src/platforms/port.js';
import { commitCells } from '../../src/store/cell-commit.js';
import { openPublisherSession, type PublisherSession } from '../../src/store/publisher/session.js';
import { createTestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import {
  itemOf,
  newCells,
  openTestStore,
  resultOf,
  unique,
  type TestStore,
} from './store-fixtures.js';
import { inActivity } from '../support/in-activity.js';

const keys = { publicKey: 'pk-lf-test', secretKey: 'sk-lf-test-secret' };
const log = pino({ level: 'silent' });
const beat = { tell: () => undefined, cancelled: new AbortController().signal, before: {} };
const soon = () => AbortSignal.timeout(30_000);

let test: TestStore;
let server: LangfuseServer;
const platforms: Platform[] = [];

beforeAll(async () => {
  test = await openTestStore();
  server = await startLangfuseServer({
    databaseUrl: test.database.url,
    ...keys,
    projectId: 'project-a',
    projectName: 'team a',
    visibility: 'none',
    mode: 'legacy',
    version: '3.140.0',
  });
});
afterEach(async () => {
  for (const platform of platforms.splice(0)) await platform.close();
});
afterAll(async () => {
  await server.close();
  await test.close();
});

/** What a worker has: a platform that knows nothing but its address and keys. */
function newPlatform(url = server.url): Platform {
  const platform = createLangfusePlatform({ baseUrl: url, ...keys, environment: 'assay' });
  platforms.push(platform);
  return platform;
}

/** A run whose cells have ended and stand in the outbox. */
async function outboxOf(count: number) {
  const platform = newPlatform();
  const { experimentId, cellIds } = await newCells(test.store, count);
  const name = `tickets ${randomBytes(6).toString('hex')}`;
  const { id: datasetId } = await platform.ensureDataset({ name }, soon());
  const items = cellIds.map((_, index) => itemOf(index));
  await platform.ensureItems({ dataset: name, items, signal: soon(), onProgress: () => undefined });
  const [row] = (
    await test.store.query('select name, run_uid from assay.experiments where id = $1', [
      experimentId,
    ])
  ).rows as readonly { readonly name: string; readonly run_uid: string }[];
  if (row === undefined) throw new Error('no experiment');
  const context = {
    project: 'shop',
    experiment: row.name,
    runUid: row.run_uid,
    target: 'triage',
    metadata: { 'assay.run_uid': row.run_uid },
  };
  const run = await platform.prepareRun({
    context,
    datasetId,
    datasetName: name,
    repetitions: 1,
    signal: soon(),
  });
  await test.store.query('update assay.experiments set platform_runs = $2 where id = $1', [
    experimentId,
    JSON.stringify([run]),
  ]);
  const encode: EncodeContext = { ...context, run };
  await commitCells(
    test.store,
    items.map((item, index) => {
      const result = resultOf(cellIds[index] ?? '', { itemId: item.id });
      const records = platform.encodeCell(result, item, encode);
      const traceId = records[0]?.traceId ?? '';
      return {
        result,
        traceId,
        outbox: [{ platform: 'langfuse', partition: experimentId, records }],
      };
    }),
  );
  return { experimentId, run, datasetName: name };
}

async function sessionFor(experimentId: string): Promise<PublisherSession> {
  const drain = { platform: 'langfuse', partition: experimentId, holder: unique('holder') };
  const opened = await openPublisherSession(test.database.url, drain);
  if (opened.state === 'held') throw new Error('the drain is held');
  return opened.session;
}

async function linksOf(run: PlatformRun): Promise<readonly string[]> {
  const name = run.runs[0]?.name ?? '';
  const path = [run.datasetName, 'runs', name].map(encodeURIComponent).join('/');
  const answer = await fetch(`${server.url}/api/public/datasets/${path}`, {
    headers: { authorization },
  });
  const { datasetRunItems = [] } = (await answer.json()) as {
    datasetRunItems?: readonly { readonly traceId: string }[];
  };
  return datasetRunItems.map(({ traceId }) => traceId);
}

/** Links that the server took, also of those that it shows as one. */
async function linksTaken(): Promise<number> {
  const answer = await fetch(`${server.url}/dev/requests?limit=2000`, {
    headers: { authorization },
  });
  const { requests } = (await answer.json()) as {
    requests: readonly {
      readonly method: string;
      readonly path: string;
      readonly status: number;
    }[];
  };
  return requests.filter(
    ({ method, path, status }) =>
      method === 'POST' && path === '/api/public/dataset-run-items' && status === 200,
  ).length;
}

const authorization = `Basic ${Buffer.from(`${keys.publicKey}:${keys.secretKey}`).toString('base64')}`;

const sendSpans = async (session: PublisherSession, platform: Platform) => {
  const exporter = createExporter({ platform, session, visibilityMs: 0, log });
  const rows = await session.takeRows({ kind: 'spans', ...platform.limits.spans });
  return { exporter, state: await exporter.send({ kind: 'spans', rows }) };
};

describe('a publisher on a v3 server', () => {
  it('that is killed between spans and links leaves a run in which its successor puts each cell once', async () => {
    const cells = 12;
    const { experimentId, run } = await outboxOf(cells);
    const before = await linksTaken();
    const first = await sessionFor(experimentId);
    // The last word of a killed process: the spans and five links.
    let asked = 0;
    const dying = { ...first, mayPost: () => (asked += 1) <= 6 && first.mayPost() };
    const { state } = await sendSpans(dying, newPlatform());
    expect(state).toMatchObject({ state: 'blocked' });
    await first.close();
    expect(await linksOf(run)).toHaveLength(5);

    const successor = await sessionFor(experimentId);
    const platform = newPlatform();
    const exporter = createExporter({ platform, session: successor, visibilityMs: 0, log });
    // What the platform may still show is waited for first.
    expect(await exporter.settle()).toMatchObject({ open: 1 });
    expect(await linksTaken()).toBe(before + 5);
    await test.store.query(
      `update assay.outbox_exports set intended_at = intended_at - interval '1 minute' where partition = $1`,
      [experimentId],
    );
    expect(await exporter.settle()).toMatchObject({ state: 'moved', open: 0 });
    expect(new Set(await linksOf(run)).size).toBe(cells);
    expect(await linksTaken()).toBe(before + cells);

    const rows = await successor.takeRows({ kind: 'scores', ...platform.limits.scores });
    expect(await exporter.send({ kind: 'scores', rows })).toEqual({ state: 'moved' });
    await successor.close();
    const on = { experimentId, platform: 'langfuse' };
    const ports = { store: test.store, platforms: [platform] };
    expect(await lookAtPlatform(on, { ports, beat })).toMatchObject({
      complete: true,
      counts: {
        expectedTraces: cells,
        sentTraces: cells,
        verifiedTraces: cells,
        verifiedScores: cells,
        duplicateSpans: 0,
        ambiguousResends: 1,
      },
    });
  });

  it('keeps its session’s word while it links for longer than the word is good for', async () => {
    const { experimentId, run } = await outboxOf(4);
    const session = await sessionFor(experimentId);
    const slow = { kind: 'slow', method: 'POST', pathPrefix: '/api/public/dataset-run-items' };
    await strike({ ...slow, delayMs: 2_300, next: 1 });
    const { state } = await sendSpans(session, newPlatform());
    await session.close();
    expect(state).toEqual({ state: 'moved' });
    expect(await linksOf(run)).toHaveLength(4);
  });

  it('counts a trace whose link was lost as not there, whatever its spans', async () => {
    const { experimentId, run, datasetName } = await outboxOf(3);
    const platform = newPlatform();
    const session = await sessionFor(experimentId);
    await sendSpans(session, platform);
    await session.close();
    const path = [datasetName, 'runs', run.runs[0]?.name ?? ''].map(encodeURIComponent).join('/');
    await fetch(`${server.url}/api/public/datasets/${path}`, {
      method: 'DELETE',
      headers: { authorization },
    });
    const on = { experimentId, platform: 'langfuse' };
    const ports = { store: test.store, platforms: [platform] };
    await until(async () => (await linksOf(run)).length === 0);
    expect(await lookAtPlatform(on, { ports, beat })).toMatchObject({
      complete: false,
      counts: { sentTraces: 3, verifiedTraces: 0 },
    });
  });
});

/** Links of other cells, made just now: what the run of a large dataset has before and after an unclear export. */
const linkOthers = (run: PlatformRun, count: number) =>
  test.store.query(
    `insert into langfuse_dev.dataset_run_items
       (project_id, id, run_id, item_id, trace_id, visible_at, created_at)
     select r.project_id, 'link-' || n, r.id, 'other-' || n, 'other-' || n, now(), clock_timestamp()
       from langfuse_dev.dataset_runs r, generate_series(1, $2) n where r.name = $1`,
    [run.runs[0]?.name, count],
  );

const strike = (rule: object) =>
  fetch(`${server.url}/dev/faults`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(rule),
  });

describe('an unclear export of a run with more links than one look can read', () => {
  const cells = 12;
  const deadlineMs = 500;

  it('holds up nobody while they are read, and is then sent once', async () => {
    const { experimentId, run } = await outboxOf(cells);
    const before = await linksTaken();
    const session = await sessionFor(experimentId);
    let asked = 0;
    const dying = { ...session, mayPost: () => (asked += 1) <= 6 && session.mayPost() };
    await sendSpans(dying, newPlatform());
    await linkOthers(run, 4_000);
    await strike({
      kind: 'slow',
      method: 'GET',
      pathPrefix: '/api/public/dataset-run-items',
      delayMs: 60,
    });
    const platform = newPlatform();
    const exporter = createExporter({ platform, session, visibilityMs: 0, log, deadlineMs });
    const looks: unknown[] = [];
    await until(async () => {
      const { state, open } = await exporter.settle();
      looks.push({ state, open });
      return open === 0;
    });
    await fetch(`${server.url}/dev/faults`, { method: 'DELETE', headers: { authorization } });
    await session.close();
    // More than the time allows of one, and none of them held up what else there is to send.
    expect(looks.length).toBeGreaterThan(2);
    expect(looks).toEqual([
      ...looks.slice(1).map(() => ({ state: 'moved', open: 1 })),
      { state: 'moved', open: 0 },
    ]);
    expect(await linksTaken()).toBe(before + cells);
    expect(new Set((await linksOf(run)).filter((id) => !id.startsWith('other')))).toHaveProperty(
      'size',
      cells,
    );
  });
});

describe('a publisher whose keys are of another project than the run', () => {
  it('waits while cells run and ends with a code after them, and has sent nothing', async () => {
    const { experimentId } = await outboxOf(1);
    const database = await createTestDatabase('template0');
    const other = await startLangfuseServer({
      databaseUrl: database.url,
      ...keys,
      projectId: 'project-b',
      projectName: 'team b',
      mode: 'legacy',
    });
    try {
      const ports = { store: test.store, log };
      const on = { experimentId, beat, ports };
      expect(await refuseOtherProject(newPlatform(), on)).toBeUndefined();
      const strange = newPlatform(other.url);
      expect(await refuseOtherProject(strange, on)).toMatchObject({
        state: 'wait',
        reason: expect.stringMatching(/team b.*project-a/) as unknown,
      });
      await test.store.query(
        'update assay.experiments set cells_done_at = clock_timestamp() where id = $1',
        [experimentId],
      );
      await expect(refuseOtherProject(strange, on)).rejects.toMatchObject({
        code: 'PLATFORM_PROJECT_CHANGED',
      });
    } finally {
      await other.close();
      await database.drop();
    }
  });
});

describe('a publisher without keys', () => {
  const hour = 3_600_000;
  const publish = (experimentId: string) => {
    const ports = { store: test.store, platforms: [] } as unknown as ExperimentPorts;
    return inActivity(() => createPublish(ports)({ experimentId, platform: 'langfuse' }));
  };

  it.each([
    ['an hour ahead', hour],
    ['an hour behind', -hour],
  ])('waits ten minutes for them, also where its own clock is %s', async (_, offMs) => {
    const { experimentId } = await newCells(test.store, 1);
    const ended = (minutesAgo: number) =>
      test.store.query(
        `update assay.experiments set cells_done_at = clock_timestamp() - $2 * interval '1 minute' where id = $1`,
        [experimentId, minutesAgo],
      );
    const now = Date.now.bind(Date);
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + offMs);
    try {
      expect(await publish(experimentId)).toMatchObject({ state: 'wait' });
      await ended(9);
      expect(await publish(experimentId)).toMatchObject({ state: 'wait' });
      await ended(11);
      await expect(publish(experimentId)).rejects.toMatchObject({ code: 'PLATFORM_UNAUTHORIZED' });
    } finally {
      clock.mockRestore();
    }
  });
});
