import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';

import { createAdmit } from '../../src/activities/experiment/admit.js';
import { createPlan } from '../../src/activities/experiment/plan.js';
import type { ExperimentPorts } from '../../src/activities/experiment/ports.js';
import { createPublish } from '../../src/activities/experiment/publish.js';
import { createReopen } from '../../src/activities/experiment/reopen.js';
import { submitNewVersion, type Conflict } from '../../src/client/new-version.js';
import { configSchema } from '../../src/contracts/config.js';
import {
  experimentSpecSchema,
  type ExperimentSpec,
  type ExperimentSpecInput,
} from '../../src/contracts/experiment-spec.js';
import type { SubmitReply } from '../../src/contracts/experiment-protocol.js';
import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import type { Platform } from '../../src/platforms/port.js';
import { getExperiment, setStatus } from '../../src/store/experiments.js';
import { keys, TestServer } from '../contract/langfuse-support.js';
import { openTestStore, unique, type TestStore } from './store-fixtures.js';
import { inActivity } from '../support/in-activity.js';

let test: TestStore;
let folder: string;
let servers: readonly [TestServer, TestServer];
let platforms: readonly [Platform, Platform];

/** A second server under the other name: what is looked at here is who is asked, not how it is said. */
const renamed = (platform: Platform, name: string): Platform => ({
  ...platform,
  name,
  prepareRun: async (request) => ({ ...(await platform.prepareRun(request)), platform: name }),
});

const platformAt = ({ url }: TestServer): Platform =>
  createLangfusePlatform({ baseUrl: url, ...keys, environment: 'assay' });

beforeAll(async () => {
  test = await openTestStore();
  const [one, other] = await Promise.all([TestServer.start(), TestServer.start()]);
  servers = [one, other];
  platforms = [platformAt(one), renamed(platformAt(other), 'langsmith')];
  folder = await mkdtemp(join(tmpdir(), 'assay-backends-'));
  await mkdir(join(folder, 'datasets', 'tickets'), { recursive: true });
  await writeFile(
    join(folder, 'datasets', 'tickets', 'test_cases.json'),
    JSON.stringify(['a', 'b', 'c'].map((id) => ({ id, inputs: { text: id } }))),
  );
});
afterEach(async () => {
  for (const server of servers) await server.call('/dev/faults', { method: 'DELETE' });
});
afterAll(async () => {
  for (const platform of platforms) await platform.close();
  for (const server of servers) await server.stop();
  await test.close();
  await rm(folder, { recursive: true, force: true });
});

/** A worker that is connected to these platforms, with this default in its config. */
const worker = (connected: readonly Platform[], backend?: string): ExperimentPorts => {
  const config = configSchema.parse({
    project: 'shop',
    targets: { triage: { kind: 'function', run: () => 'billing' } },
    evaluators: { exact: { kind: 'exact_match' } },
    ...(backend === undefined ? {} : { platform: { backend } }),
  });
  const quiet = new AbortController().signal;
  return {
    store: test.store,
    databaseUrl: test.database.url,
    project: { config, root: folder, codeHash: 'c'.repeat(64) },
    platforms: connected,
    draining: quiet,
    aborting: quiet,
    holder: 'test',
    environment: {},
    log: pino({ level: 'silent' }),
    // What calls models is never reached here.
  } as unknown as ExperimentPorts;
};

const specOf = (input: Partial<ExperimentSpecInput> = {}): ExperimentSpec =>
  experimentSpecSchema.parse({
    project: 'shop',
    name: unique('run'),
    dataset: { name: 'tickets' },
    target: 'triage',
    ...input,
  });

const admit = (ports: ExperimentPorts, spec: ExperimentSpec): Promise<SubmitReply> =>
  inActivity(() => createAdmit(ports)({ spec, workflowId: `w/${spec.name}`, workflowRunId: 'r' }));

const started = async (ports: ExperimentPorts, spec: ExperimentSpec): Promise<string> => {
  const reply = await admit(ports, spec);
  if (reply.outcome !== 'started') throw new Error(JSON.stringify(reply));
  return reply.experimentId;
};

const plan = (ports: ExperimentPorts, experimentId: string) =>
  inActivity(() => createPlan(ports)({ experimentId }));

const requests = async (server: TestServer): Promise<number> => {
  const { body } = await server.call('/dev/requests?limit=2000');
  return (body['requests'] as readonly { path: string }[]).filter(({ path }) =>
    path.startsWith('/api/'),
  ).length;
};

const away = (server: TestServer) =>
  server.post('/dev/faults', { kind: 'rate_limit', retryAfterSeconds: 60 });

const namesOf = (experimentId: string): Promise<readonly string[]> =>
  getExperiment(test.store, experimentId).then(({ platformRuns }) =>
    platformRuns.map(({ platform }) => platform),
  );

describe('a submission', () => {
  it('pins the backend of the config, so that a later edit moves no run', async () => {
    const spec = specOf();
    const id = await started(worker(platforms, 'langsmith'), spec);
    expect((await getExperiment(test.store, id)).spec.backend).toBe('langsmith');
    await plan(worker(platforms, 'both'), id);
    expect(await namesOf(id)).toEqual(['langsmith']);
  });

  it('is refused where the worker has no keys for it, with what to set', async () => {
    const [langfuse] = platforms;
    for (const backend of ['both', 'langsmith'] as const) {
      expect(await admit(worker([langfuse]), specOf({ backend }))).toMatchObject({
        outcome: 'rejected',
        error: {
          code: 'PLATFORM_NOT_CONFIGURED',
          message: expect.stringContaining('LangSmith'),
          problems: [expect.objectContaining({ at: 'LANGSMITH_API_KEY' })],
          mend: expect.stringContaining('--backend'),
        },
      });
    }
  });

  it('of the same content to another backend is a conflict that says so, and no other run', async () => {
    const ports = worker(platforms);
    const spec = specOf();
    await started(ports, spec);
    expect(await admit(ports, { ...spec, backend: 'both' })).toMatchObject({
      outcome: 'conflict',
      differences: [{ at: 'backend', recorded: 'langfuse', submitted: 'both' }],
    });
    expect(await admit(ports, { ...spec, backend: 'langfuse' })).toMatchObject({
      outcome: 'attached',
    });
  });

  it('to another backend becomes a new version once, and is found again', async () => {
    const ports = worker(platforms);
    const spec = specOf();
    await started(ports, spec);
    const both: ExperimentSpec = { ...spec, backend: 'both' };
    const submitAgain = async () => {
      const conflict = (await admit(ports, both)) as Conflict;
      expect(conflict.outcome).toBe('conflict');
      return submitNewVersion(both, conflict, {
        store: test.store,
        submit: (next) => admit(ports, next),
      });
    };
    const first = await submitAgain();
    expect(first).toMatchObject({
      spec: { name: `${spec.name}-v2` },
      reply: { outcome: 'started' },
    });
    expect(await submitAgain()).toMatchObject({
      spec: { name: `${spec.name}-v2` },
      reply: { outcome: 'attached' },
    });
  });
});

describe('a plan', () => {
  it('asks no platform that the run is not published to', async () => {
    const ports = worker(platforms);
    const before = await requests(servers[1]);
    const id = await started(ports, specOf({ backend: 'langfuse' }));
    expect(await plan(ports, id)).toMatchObject({ platforms: ['langfuse'] });
    expect(await requests(servers[1])).toBe(before);
  });

  it.each([
    { which: 'the first', gone: 0, there: 1, name: 'langsmith' },
    { which: 'the second', gone: 1, there: 0, name: 'langfuse' },
  ] as const)(
    'that waits for $which platform keeps what the other has and asks it no more',
    async ({ gone, there, name }) => {
      const ports = worker(platforms);
      const id = await started(ports, specOf({ backend: 'both' }));
      await away(servers[gone]);
      await expect(plan(ports, id)).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
      expect(await namesOf(id)).toEqual([name]);
      const asked = await requests(servers[there]);
      await expect(plan(ports, id)).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
      await servers[gone].call('/dev/faults', { method: 'DELETE' });
      expect(await plan(ports, id)).toMatchObject({
        platforms: ['langfuse', 'langsmith'],
        planned: 3,
      });
      expect(await requests(servers[there])).toBe(asked);
    },
  );
});

describe('a dataset that lives on one platform', () => {
  const itemsOf = async (platform: Platform, dataset: string) => {
    const items = [];
    const version = new Date().toISOString();
    const pages = platform.readItems({ dataset, version, signal: AbortSignal.timeout(10_000) });
    for await (const page of pages) items.push(...page);
    return items;
  };

  it('is read from where it is, pinned, and stands on the other once, whatever is tried again', async () => {
    const [langfuse, langsmith] = platforms;
    const name = unique('remote');
    const made = [
      { id: 'x', input: { text: 'x' } },
      { id: 'y', input: { text: 'y' } },
    ];
    await servers[1].post('/api/public/v2/datasets', { name });
    for (const { id, input } of made) {
      await servers[1].post('/api/public/dataset-items', { datasetName: name, id, input });
    }
    const ports = worker(platforms);
    const id = await started(ports, specOf({ backend: 'both', dataset: { name } }));
    const { spec } = await getExperiment(test.store, id);
    expect(spec.dataset).toMatchObject({ name, source: 'langsmith' });
    // As after a worker that was lost once the other had it: from now on both know such a dataset.
    await langfuse.ensureDataset({ name }, AbortSignal.timeout(10_000));
    await plan(ports, id);
    const [here, there] = await Promise.all([itemsOf(langfuse, name), itemsOf(langsmith, name)]);
    const content = (items: typeof here) =>
      items
        .map((item) => ({ id: item.id, input: item.input }))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(content(here)).toEqual(made);
    expect(content(there)).toEqual(made);
    // The id that one platform gave it is no id of the other.
    expect(here.map(({ metadata }) => metadata)).toEqual([{}, {}]);
  });

  it('of which no platform knows anything is not found, with all places named', async () => {
    const name = unique('nowhere');
    const reply = await admit(worker(platforms), specOf({ backend: 'both', dataset: { name } }));
    expect(reply).toMatchObject({ outcome: 'rejected', error: { code: 'DATASET_NOT_FOUND' } });
    expect(JSON.stringify(reply)).toContain(join(folder, 'datasets', name));
  });

  it('is not looked for elsewhere where a platform does not answer', async () => {
    const name = unique('maybe');
    await servers[1].post('/api/public/v2/datasets', { name });
    const ports = worker(platforms);
    await servers[0].post('/dev/faults', {
      kind: 'rate_limit',
      retryAfterSeconds: 60,
      pathPrefix: '/api/public/dataset',
    });
    expect(await admit(ports, specOf({ backend: 'both', dataset: { name } }))).toMatchObject({
      outcome: 'rejected',
      error: { code: 'PLATFORM_UNREACHABLE' },
    });
  });
});

describe('a worker without the keys of a run', () => {
  it('lets its publishing wait for one that has them, and says so', async () => {
    const id = await started(worker(platforms), specOf({ backend: 'both' }));
    await plan(worker(platforms), id);
    const [langfuse] = platforms;
    expect(
      await inActivity(() =>
        createPublish(worker([langfuse]))({ experimentId: id, platform: 'langsmith' }),
      ),
    ).toMatchObject({ state: 'wait', reason: expect.stringContaining('LangSmith') });
    await test.store.query(
      `update assay.experiments set cells_done_at = clock_timestamp() - interval '11 minutes' where id = $1`,
      [id],
    );
    await expect(
      inActivity(() =>
        createPublish(worker([langfuse]))({ experimentId: id, platform: 'langsmith' }),
      ),
    ).rejects.toMatchObject({ code: 'PLATFORM_UNAUTHORIZED' });
  });

  it('refuses a command on it before anything is changed', async () => {
    const spec = specOf({ backend: 'both' });
    const id = await started(worker(platforms), spec);
    await plan(worker(platforms), id);
    await setStatus(test.store, id, { status: 'completed' });
    const [langfuse] = platforms;
    const reply = await inActivity(() =>
      createReopen(worker([langfuse]))({
        project: 'shop',
        name: spec.name,
        request: { kind: 'verify', repair: false },
        token: 't',
        workflowRunId: 'r',
      }),
    );
    expect(reply).toMatchObject({
      outcome: 'rejected',
      error: { code: 'PLATFORM_NOT_CONFIGURED' },
    });
  });
});
