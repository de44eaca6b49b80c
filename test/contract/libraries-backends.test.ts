import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createDatasetActivities } from '../../src/activities/datasets/index.js';
import { createPromptActivities } from '../../src/activities/prompts/index.js';
import { runCli } from '../../src/cli/run-cli.js';
import { rememberProject } from '../../src/cli/settings.js';
import { AssayClient } from '../../src/client/assay-client.js';
import type { Backend } from '../../src/contracts/backend.js';
import { configSchema } from '../../src/contracts/config.js';
import { datasetPushSchema } from '../../src/contracts/dataset-push.js';
import { movePromptLabelSchema, pushPromptSchema } from '../../src/contracts/prompt-protocol.js';
import { promptContentHash } from '../../src/core/prompts/content.js';
import type { Platform } from '../../src/platforms/port.js';
import { promptHistory } from '../../src/store/prompts/moves.js';
import { openTestStore, unique, type TestStore } from '../integration/store-fixtures.js';
import { recorded } from '../unit/cli/streams.js';
import { TestServer } from './langfuse-support.js';
import type { FaultRule } from '../support/langsmith/options.js';
import { clientOf } from './langsmith-server-support.js';
import { platformFor, soon } from './platform-langfuse-support.js';
import { Place } from './platform-langsmith-support.js';
import { inActivity } from '../support/in-activity.js';

const project = 'shop';
const items = 120;
let langfuse: TestServer;
let place: Place;
let test: TestStore;
let platforms: readonly [Platform, Platform];
let folder: string;
let name: string;

beforeAll(async () => {
  [langfuse, place, test] = await Promise.all([TestServer.start(), Place.start(), openTestStore()]);
  platforms = [platformFor(langfuse.url), place.platform];
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-libraries-'));
  name = unique('set');
});
afterEach(async () => {
  place.server.faults.clear();
  await langfuse.call('/dev/faults', { method: 'DELETE' });
  await rm(folder, { recursive: true, force: true });
});
afterAll(async () => {
  await platforms[0].close();
  await Promise.all([place.close(), langfuse.stop(), test.close()]);
});

/** The activities of a worker whose config says this backend. */
function worker(backend: Backend) {
  const config = configSchema.parse({
    project,
    targets: { triage: { kind: 'function', run: () => 'billing' } },
    evaluators: { exact: { kind: 'exact_match' } },
    platform: { backend },
  });
  const ports = {
    store: test.store,
    project: { config, root: folder, codeHash: 'c'.repeat(64) },
    platforms,
    draining: new AbortController().signal,
  };
  return { prompts: createPromptActivities(ports), datasets: createDatasetActivities(ports) };
}

/** Against LangSmith alone. */
async function cli(...args: string[]) {
  const [out, err] = [recorded(), recorded()];
  const environment = {
    ASSAY_PROJECT: project,
    LANGSMITH_ENDPOINT: place.server.url,
    LANGSMITH_API_KEY: place.server.apiKey,
    DATABASE_URL: test.database.url,
    TEMPORAL_ADDRESS: '127.0.0.1:1',
  };
  const code = await runCli(
    { stdout: out.stream, stderr: err.stream, cwd: folder, environment },
    args,
  );
  return { code, out: out.text(), err: err.text() };
}

async function put(path: string, content: string): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), content);
}

const common = { project, actor: 'ann@laptop' };
const contentOf = (text: string) => ({
  body: { kind: 'text' as const, text },
  config: { model: 'small' },
});

async function pushPrompt(text: string, labels: readonly string[] = [], backend?: Backend) {
  const { prompts } = worker('langsmith');
  const content = contentOf(text);
  const request = pushPromptSchema.parse({
    ...common,
    name,
    content,
    contentHash: promptContentHash(content),
    labels,
    ...(backend === undefined ? {} : { backend }),
  });
  return inActivity(async () => {
    const chosen = await prompts.choosePlatforms(backend === undefined ? {} : { backend });
    const key = unique('push');
    return Promise.all(
      chosen.platforms.map((platform) =>
        prompts.pushPrompt({ request, platform, key: `${key}/${platform}` }),
      ),
    );
  });
}

const move = (change: object) => {
  const request = movePromptLabelSchema.parse({ ...common, name, label: 'production', ...change });
  const { prompts } = worker('langsmith');
  return inActivity(() =>
    prompts.movePromptLabel({ request, platform: 'langsmith', key: unique('move') }),
  );
};

const commits = (): number =>
  place.server.inspect.repos.find(({ handle }) => handle === name)?.commits.length ?? 0;

describe('prompts on LangSmith', () => {
  it('are pushed to the platform of the config, once for each content', async () => {
    expect(await pushPrompt('One {{a}}')).toMatchObject([
      { platform: 'langsmith', outcome: 'created', version: expect.stringMatching(/^[0-9a-f]+$/) },
    ]);
    expect(await pushPrompt('One {{a}}')).toMatchObject([{ outcome: 'unchanged' }]);
    expect(commits()).toBe(1);
    expect(await pushPrompt('One {{a}}', [], 'both')).toMatchObject([
      { platform: 'langfuse', outcome: 'created', version: '1' },
      { platform: 'langsmith', outcome: 'unchanged' },
    ]);
    expect(commits()).toBe(1);
  });

  it('are promoted and rolled back, with a record of each', async () => {
    const [one] = await pushPrompt('One', ['production']);
    const [two] = await pushPrompt('Two');
    if (one?.outcome !== 'created' || two?.outcome !== 'created') throw new Error('not pushed');
    const holder = async () =>
      (await place.platform.prompts.get(name, { label: 'production' }, soon()))?.version;
    expect(await move({ kind: 'promote', to: { label: 'latest' } })).toMatchObject({
      outcome: 'moved',
      from: one.version,
      to: two.version,
    });
    expect(await holder()).toBe(two.version);
    expect(await move({ kind: 'rollback' })).toMatchObject({ to: one.version });
    expect(await holder()).toBe(one.version);
    const history = await promptHistory(test.store, { project, prompt: name, limit: 9 });
    expect(history.map(({ kind, platform, to }) => [kind, platform, to])).toEqual([
      ['rollback', 'langsmith', one.version],
      ['promote', 'langsmith', two.version],
      ['push', 'langsmith', one.version],
    ]);
  });

  it('come into files and agree with them, until one of both changes', async () => {
    await pushPrompt('Sort {{text}} as {"json": {"a": 1}}', ['production']);
    expect(await cli('prompts', 'pull', name)).toMatchObject({ code: 0, err: '' });
    const text = await readFile(join(folder, 'targets', name, 'prompt.txt'), 'utf8');
    expect(text).toBe('Sort {{text}} as {"json": {"a": 1}}\n');
    expect(await cli('prompts', 'diff', name)).toMatchObject({ code: 0 });
    expect((await cli('prompts', 'push', '--dry-run', name)).out).toContain('unchanged');
    await put(`targets/${name}/prompt.txt`, 'Sort it well');
    const differs = await cli('prompts', 'diff', name);
    expect(differs).toMatchObject({ code: 12 });
    expect(differs.out).toContain(`+Sort it well`);
    expect((await cli('prompts', 'pull', name)).err).toContain('was edited and not pushed');
  });

  it('that others keep as f-strings are read, listed and shown', async () => {
    const client = clientOf(place.server);
    await client.createPrompt(name);
    await client.createCommit(name, {
      lc: 1,
      type: 'constructor',
      id: ['langchain_core', 'prompts', 'prompt', 'PromptTemplate'],
      kwargs: { template: 'Sort {text} as {{"a": 1}}', input_variables: ['text'] },
    });
    expect((await cli('prompts', 'list')).out).toContain(name);
    expect((await cli('prompts', 'get', name)).out).toContain('Sort {{text}} as {"a": 1}');
  });

  it('are fetched by label, and the last known good is served while it is down', async () => {
    await pushPrompt('Served', ['production']);
    const open = () =>
      AssayClient.connect({
        folder,
        environment: {
          LANGSMITH_ENDPOINT: place.server.url,
          LANGSMITH_API_KEY: place.server.apiKey,
          DATABASE_URL: test.database.url,
          TEMPORAL_ADDRESS: '127.0.0.1:1',
        },
      });
    const fetch = async () => {
      const client = await open();
      try {
        return await client.prompts.fetch({ project, name, label: 'production' });
      } finally {
        await client.close();
      }
    };
    expect(await fetch()).toMatchObject({ source: 'platform', body: { text: 'Served' } });
    place.server.faults.order({ kind: 'down', pathPrefix: '/', seconds: 600 });
    expect(await fetch()).toMatchObject({ source: 'last-known-good', body: { text: 'Served' } });
  });

  it('are asked of the platform that the config named when it was last executed', async () => {
    await rememberProject(folder, project, { backend: 'langfuse' });
    const refused = await cli('prompts', 'list');
    expect(refused.err).toContain('PLATFORM_NOT_CONFIGURED');
    expect(refused.err).toContain('LANGFUSE_PUBLIC_KEY');
    expect(await cli('prompts', 'list', '--backend', 'langsmith')).toMatchObject({ code: 0 });
  });
});

describe('datasets on LangSmith', () => {
  const cases = (count: number, text = 'question') =>
    put(
      `datasets/${name}/test_cases.json`,
      JSON.stringify(
        Array.from({ length: count }, (_, n) => ({
          id: `c${n}`,
          inputs: { text, n },
          metadata: n % 2 === 0 ? { split: 'train' } : {},
        })),
      ),
    );
  /** Requests that wrote examples. */
  const writes = (): number =>
    Object.entries(place.server.requests.counts())
      .filter(([route]) => /^(POST|PATCH|DELETE) \/examples/.test(route))
      .reduce((sum, [, count]) => sum + count, 0);
  const started = async (change: object) => {
    const { datasets } = worker('langsmith');
    const request = datasetPushSchema.parse({ project, dataset: name, ...change });
    const reply = await inActivity(() => datasets.orchestration.checkPush(request));
    if ('error' in reply) throw new Error(JSON.stringify(reply.error));
    const on = { request, checked: reply.checked, pushId: unique('push'), sliceMs: 60_000 };
    const slice = (platform: string) =>
      inActivity(() => datasets.publishing.pushSlice({ ...on, platform }));
    return { checked: reply.checked, slice };
  };

  it('are pushed, and nothing of them is written again', async () => {
    await cases(items);
    const first = await started({});
    expect(first.checked.platforms).toEqual(['langsmith']);
    const done = await first.slice('langsmith');
    expect(done).toMatchObject({ phase: 'done', added: items });
    const before = writes();
    expect(await (await started({})).slice('langsmith')).toMatchObject({
      phase: 'done',
      unchanged: items,
      added: 0,
      changed: 0,
      version: done.version,
    });
    expect(writes()).toBe(before);
    expect(await cli('datasets', 'diff', name)).toMatchObject({ code: 0 });
  });

  it('show what was removed as drift, archive it, and keep the version before', async () => {
    await cases(items);
    const { version = '' } = await (await started({})).slice('langsmith');
    await cases(items - 20);
    expect(await cli('datasets', 'diff', name)).toMatchObject({ code: 12 });
    const push = await started({ archiveRemoved: true });
    expect(await push.slice('langsmith')).toMatchObject({ phase: 'done', archived: 20 });
    expect(await cli('datasets', 'diff', name)).toMatchObject({ code: 0 });
    const shown = await cli('datasets', 'show', name, '--json', '--version', version);
    expect(JSON.parse(shown.out)).toMatchObject({ platforms: [{ items }] });
    await rm(join(folder, 'datasets'), { recursive: true });
    expect(await cli('datasets', 'pull', name, '--version', version)).toMatchObject({ code: 0 });
    const path = join(folder, 'datasets', name, 'test_cases.json');
    const pulled = JSON.parse(await readFile(path, 'utf8')) as readonly object[];
    expect(pulled).toHaveLength(items);
    expect(pulled[0]).toMatchObject({ id: 'c0', metadata: { split: 'train' } });
  });

  const others = { langfuse: 'langsmith', langsmith: 'langfuse' } as const;
  const strike = {
    langfuse: (rule: object, path = '') =>
      langfuse.post('/dev/faults', { ...rule, pathPrefix: `/api/public${path}` }),
    langsmith: (rule: Omit<FaultRule, 'pathPrefix'>, path = '/') => {
      place.server.faults.order({ ...rule, pathPrefix: path });
      return Promise.resolve();
    },
  };
  const calm = async (): Promise<void> => {
    place.server.faults.clear();
    await langfuse.call('/dev/faults', { method: 'DELETE' });
  };
  /** What each server has in its tables, and how often it was asked to write. */
  const rows = async () => {
    const { body } = await langfuse.call('/dev/stats');
    const tables = body['rows'] as Readonly<Record<string, number>>;
    return {
      langfuse: { items: tables['dataset_items'] ?? 0, versions: tables['prompts'] ?? 0 },
      langsmith: { items: place.server.inspect.examples(name).length, versions: commits() },
      asked: { langfuse: tables, langsmith: place.server.requests.counts() },
    };
  };
  // A library of prompts waits for a server that is silent; one that says how long it is away is left at once.
  const away = { kind: 'rate_limit', retryAfterSeconds: 60 } as const;
  const outages = {
    langfuse: [{ kind: 'down', seconds: 600, path: '' }],
    langsmith: [
      { kind: 'down', seconds: 600, path: '/examples' },
      { ...away, path: '/repos' },
      { ...away, path: '/commits' },
    ],
  } as const;
  const routes = {
    langfuse: { items: '/dataset-items', prompts: '/v2/prompts' },
    langsmith: { items: '/examples', prompts: '/commits' },
  } as const;

  it.each(['langfuse', 'langsmith'] as const)(
    'stand once on each of both beside their prompt, though %s was away and then lost answers',
    async (struck) => {
      const well = others[struck];
      await cases(items);
      const { slice } = await started({ backend: 'both' });
      const { prompts } = worker('both');
      const content = contentOf('Both');
      const contentHash = promptContentHash(content);
      const request = pushPromptSchema.parse({ ...common, name, content, contentHash });
      const key = unique('push');
      const push = (platform: string) =>
        inActivity(() => prompts.pushPrompt({ request, platform, key: `${key}/${platform}` }));
      const before = await rows();

      for (const { path, ...rule } of outages[struck]) await strike[struck](rule, path);
      const [there, waiting, , refused] = await Promise.all([
        slice(well),
        slice(struck),
        push(well),
        push(struck).catch((error: unknown) => error),
      ]);
      expect(there).toMatchObject({ phase: 'done', added: items });
      expect(waiting).toMatchObject({ away: { error: { code: 'PLATFORM_UNREACHABLE' } } });
      expect(JSON.stringify(refused)).toContain('PLATFORM_UNREACHABLE');
      await calm();
      const between = await rows();
      expect(between[well].items - before[well].items).toBe(items);
      expect(between[struck]).toEqual(before[struck]);

      for (const path of Object.values(routes[struck])) {
        await strike[struck]({ kind: 'commit_then_drop', method: 'POST', next: 1 }, path);
      }
      expect(await slice(struck)).toMatchObject({ phase: 'done' });
      await push(struck);
      const after = await rows();
      for (const platform of ['langfuse', 'langsmith'] as const) {
        expect(after[platform]).toEqual({
          items: before[platform].items + items,
          versions: before[platform].versions + 1,
        });
      }
      // Nobody asked the other one anything again.
      expect(after.asked[well]).toEqual(between.asked[well]);
      for (const { datasets } of platforms) {
        const ids: string[] = [];
        for await (const page of datasets.items({ dataset: name, signal: soon() })) {
          ids.push(...page.map(({ item }) => item.id));
        }
        expect(ids).toHaveLength(items);
        expect(new Set(ids).size).toBe(items);
      }
    },
  );
});
