import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { movePromptLabel } from '../../src/activities/prompts/move.js';
import { choosePlatforms } from '../../src/activities/prompts/platforms.js';
import type { PromptPorts } from '../../src/activities/prompts/ports.js';
import { pushPrompt } from '../../src/activities/prompts/push.js';
import type { Backend } from '../../src/contracts/backend.js';
import { configSchema } from '../../src/contracts/config.js';
import type { GatePlan } from '../../src/contracts/gate-protocol.js';
import { gateRequestSchema } from '../../src/contracts/gate-protocol.js';
import type { Manifest } from '../../src/contracts/manifest.js';
import type { MovePromptLabelInput, PushedPrompt } from '../../src/contracts/prompt-protocol.js';
import { movePromptLabelSchema, pushPromptSchema } from '../../src/contracts/prompt-protocol.js';
import type { PromptContent } from '../../src/contracts/prompt.js';
import { AssayError } from '../../src/core/errors/assay-error.js';
import { gatePolicy } from '../../src/core/gate/policy.js';
import { maxPromptBytes, promptContentHash } from '../../src/core/prompts/content.js';
import type { Platform } from '../../src/platforms/port.js';
import { connectPlatforms } from '../../src/platforms/connect.js';
import { foreseePush } from '../../src/prompts/push-plan.js';
import { countVersion, markStale, reserveBaseline } from '../../src/store/baselines/rows.js';
import { decideGate, recordGate } from '../../src/store/gates.js';
import { promptHistory } from '../../src/store/prompts/moves.js';
import { countOf } from '../../src/store/query.js';
import {
  newExperiment,
  openTestStore,
  unique,
  type TestStore,
} from '../integration/store-fixtures.js';
import { TestServer } from './langfuse-support.js';
import { platformFor, soon } from './platform-langfuse-support.js';

let server: TestServer;
let test: TestStore;
let platform: Platform;
let ports: PromptPorts;

beforeAll(async () => {
  [server, test] = await Promise.all([TestServer.start(), openTestStore()]);
  platform = platformFor(server.url);
  ports = { store: test.store, project: projectOn('langfuse'), platforms: [platform] };
});
afterEach(() => server.call('/dev/faults', { method: 'DELETE' }));
afterAll(async () => {
  await platform.close();
  await server.stop();
  await test.close();
});

const projectOn = (backend: Backend): PromptPorts['project'] => ({
  config: configSchema.parse({
    project: 'shop',
    targets: { triage: { kind: 'function', run: () => 'billing' } },
    evaluators: { exact: { kind: 'exact_match' } },
    platform: { backend },
  }),
  root: '.',
  codeHash: 'c'.repeat(64),
});
const project = 'shop';
const common = { project, actor: 'ann@laptop' };
const contentOf = (text: string): PromptContent => ({
  body: { kind: 'chat', messages: [{ role: 'user', content: text }] },
  config: { model: 'small' },
});

const push = (
  name: string,
  text: string,
  { key = unique('push'), ...more }: { key?: string; labels?: string[]; tags?: string[] } = {},
) => {
  const content = contentOf(text);
  const request = pushPromptSchema.parse({
    ...common,
    name,
    content,
    contentHash: promptContentHash(content),
    ...more,
  });
  return pushPrompt({ request, platform: 'langfuse', key }, { ports, signal: soon() });
};

type Move = Partial<Extract<MovePromptLabelInput, { kind: 'promote' }>>;
const promote = (name: string, more: Move = {}, key = unique('move')) => {
  const to = { label: 'latest' };
  const input = { ...common, kind: 'promote', name, label: 'production', to, ...more };
  const request = movePromptLabelSchema.parse(input);
  return movePromptLabel({ request, platform: 'langfuse', key }, { ports, signal: soon() });
};
const rollback = (name: string, label = 'production') => {
  const request = movePromptLabelSchema.parse({ ...common, kind: 'rollback', name, label });
  const key = unique('move');
  return movePromptLabel({ request, platform: 'langfuse', key }, { ports, signal: soon() });
};
const holder = async (name: string, label = 'production') =>
  (await platform.prompts.get(name, { label }, soon()))?.version;
const history = (prompt: string) => promptHistory(test.store, { project, prompt, limit: 50 });

/** The prompt that a prepared case is about. */
const names = { current: '' };

describe('a push', () => {
  it('makes a version, then none for the same content, and says which', async () => {
    expect(await push('said', 'a')).toMatchObject({ outcome: 'created', version: '1' });
    expect(await push('said', 'b')).toMatchObject({ outcome: 'created', version: '2' });
    expect(await push('said', 'b')).toMatchObject({ outcome: 'unchanged', version: '2' });
    const labels = ['beta'];
    expect(await push('said', 'a', { labels })).toMatchObject({
      outcome: 'unchanged',
      version: '1',
    });
  });

  it('of an old text of a prompt without labels makes it what latest serves, once', async () => {
    await push('reverted', 'a');
    await push('reverted', 'b');
    expect(await push('reverted', 'a')).toMatchObject({ outcome: 'created', version: '3' });
    for (let again = 0; again < 2; again += 1) {
      expect(await push('reverted', 'a')).toMatchObject({ outcome: 'unchanged', version: '3' });
    }
    expect(await holder('reverted', 'latest')).toBe('3');
    expect(await push('reverted', 'b')).toMatchObject({ outcome: 'created', version: '4' });
  });

  it.each<[string, () => Promise<unknown>, { labels?: string[]; text?: string; tags?: string[] }]>([
    ['a new prompt', () => Promise.resolve(), { labels: ['staging'] }],
    [
      'a new text',
      () => push(names.current, 'b', { labels: ['staging'] }),
      { labels: ['staging'] },
    ],
    [
      'production',
      () => push(names.current, 'b', { labels: ['production'] }),
      { labels: ['production', 'beta'] },
    ],
    [
      'an old text',
      async () => {
        await push(names.current, 'a');
        await push(names.current, 'b');
      },
      {},
    ],
    [
      'a label that was rolled back',
      async () => {
        await push(names.current, 'b', { labels: ['staging'] });
        await push(names.current, 'a', { labels: ['staging'] });
        await rollback(names.current, 'staging');
      },
      { labels: ['staging'] },
    ],
    ['other tags', () => push(names.current, 'a', { tags: ['x'] }), { tags: ['y'] }],
    [
      'another kind',
      () =>
        platform.prompts.ensure(
          {
            name: names.current,
            body: { kind: 'text', text: 'x' },
            config: {},
            contentHash: promptContentHash({ body: { kind: 'text', text: 'x' }, config: {} }),
          },
          soon(),
        ),
      {},
    ],
  ])('is foreseen as it then goes: %s', async (kind, prepare, more) => {
    const name = unique(`foreseen-${kind.replaceAll(' ', '-')}`);
    names.current = name;
    await prepare();
    const content = contentOf('a');
    const request = pushPromptSchema.parse({
      ...common,
      name,
      content,
      contentHash: promptContentHash(content),
      ...more,
    });
    const store = () => Promise.resolve(test.store);
    const on = { store, platform: 'langfuse', prompts: platform.prompts, signal: soon() };
    const seen = await foreseePush(request, on).catch((error: unknown) => error);
    expect(await foreseePush(request, on).catch((error: unknown) => error)).toEqual(seen);
    const done = await push(name, 'a', more).catch((error: unknown) => error);
    if (AssayError.is(done) || AssayError.is(seen)) {
      expect(kind).toBe('another kind');
      expect(seen).toMatchObject({
        code: 'PLATFORM_REFUSED',
        message: (done as AssayError).message,
      });
      return;
    }
    const { outcome, version, labels, notes } = done as Extract<PushedPrompt, { version: string }>;
    expect(seen).toEqual({
      platform: 'langfuse',
      outcome: outcome === 'created' ? 'create' : 'unchanged',
      version,
      labels: labels
        .filter(({ moved }) => moved)
        .map(({ label, from }) => ({ label, ...(from === undefined ? {} : { from }) })),
      notes,
    });
  });

  it('puts the labels on it and records whose they were; a second one moves nothing', async () => {
    await push('labelled', 'a', { labels: ['beta', 'staging'] });
    const second = await push('labelled', 'b', { labels: ['beta'] });
    expect(second).toMatchObject({
      labels: [{ label: 'beta', moved: true, from: '1', to: '2' }],
    });
    expect(await push('labelled', 'b', { labels: ['beta'] })).toMatchObject({
      labels: [{ label: 'beta', moved: false }],
    });
    expect(await holder('labelled', 'staging')).toBe('1');
    expect(await history('labelled')).toMatchObject([
      { kind: 'push', label: 'beta', from: '1', to: '2', actor: 'ann@laptop' },
      { label: 'staging', to: '1' },
      { label: 'beta', to: '1' },
    ]);
  });

  it('that is repeated after a kill between its steps makes and moves nothing twice', async () => {
    const key = unique('killed');
    await push('killed', 'a', { labels: ['beta'] });
    const first = await push('killed', 'b', { key, labels: ['beta'] });
    // The mark that it was made is what a kill takes last.
    await countOf(test.store, 'update assay.prompt_moves set done_at = null where key like $1', [
      `${key}%`,
    ]);
    const again = await push('killed', 'b', { key, labels: ['beta'] });
    expect(again).toMatchObject({ outcome: 'unchanged', version: '2' });
    expect('labels' in again && again.labels).toEqual('labels' in first && first.labels);
    expect(await history('killed')).toMatchObject([
      { from: '1', to: '2', doneAt: expect.any(String) as unknown },
      { to: '1' },
    ]);
  });

  it('leaves production and what was rolled back where they are, and says so', async () => {
    await push('careful', 'a', { labels: ['production', 'staging'] });
    expect(await push('careful', 'b', { labels: ['production', 'staging'] })).toMatchObject({
      labels: [{ label: 'staging', moved: true, from: '1', to: '2' }],
      notes: [expect.stringContaining('production stays on 1')],
    });
    expect(await holder('careful', 'production')).toBe('1');
  });

  it('says within seconds that nobody answers, and leaves the waiting to its caller', async () => {
    const key = { apiKey: 'lsv2_pt_nobody', project: undefined, workspaceId: undefined };
    const connection = { endpoint: 'http://127.0.0.1:1', ...key };
    const away = connectPlatforms({ langsmith: connection }, { environment: 'assay' });
    const content = contentOf('a');
    const contentHash = promptContentHash(content);
    const request = pushPromptSchema.parse({ ...common, name: 'away', content, contentHash });
    const begun = performance.now();
    await expect(
      pushPrompt(
        { request, platform: 'langsmith', key: 'k' },
        { ports: { ...ports, platforms: away }, signal: soon() },
      ),
    ).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED') as unknown,
    });
    expect(performance.now() - begun).toBeLessThan(20_000);
    await Promise.all(away.map((each) => each.close()));
  });

  it('tells of tags that change with the next version only', async () => {
    await push('tagged', 'a', { tags: ['x'] });
    expect(await push('tagged', 'a', { tags: ['x'] })).toMatchObject({ notes: [] });
    expect(await push('tagged', 'a', { tags: ['y'] })).toMatchObject({
      notes: [expect.stringContaining('tags')],
    });
  });

  it('of too large a prompt, or one that is not what its hash says, sends nothing', async () => {
    await expect(push('large', 'x'.repeat(maxPromptBytes))).rejects.toMatchObject({
      code: 'PROMPT_INVALID',
    });
    const request = pushPromptSchema.parse({
      ...common,
      name: 'forged',
      content: contentOf('a'),
      contentHash: 'f'.repeat(64),
    });
    await expect(
      pushPrompt({ request, platform: 'langfuse', key: 'k' }, { ports, signal: soon() }),
    ).rejects.toMatchObject({ code: 'PROMPT_INVALID' });
    for (const name of ['large', 'forged']) expect(await holder(name, 'latest')).toBeUndefined();
  });

  it.each(['latest', 'assay-x', 'Not Lower', 'x'.repeat(37)])('refuses the label %s', (label) => {
    expect(
      movePromptLabelSchema.safeParse({ ...common, kind: 'rollback', name: 'x', label }).success,
    ).toBe(false);
    expect(() => push('refused', 'a', { labels: [label] })).toThrow();
  });
});

describe('the platform of a command', () => {
  it('is that of the config, or the one that is named; one without keys is an error that lists them', () => {
    expect(choosePlatforms(ports, undefined)).toEqual(['langfuse']);
    expect(choosePlatforms(ports, 'langfuse')).toEqual(['langfuse']);
    for (const backend of ['langsmith', 'both'] as const) {
      expect(() => choosePlatforms(ports, backend)).toThrow(
        expect.objectContaining({
          code: 'PLATFORM_NOT_CONFIGURED',
          problems: [expect.objectContaining({ at: 'LANGSMITH_API_KEY' })],
        }),
      );
    }
    const elsewhere = { ...ports, project: projectOn('langsmith') };
    expect(() => choosePlatforms(elsewhere, undefined)).toThrow('no keys for LangSmith');
  });
});

describe('a promotion', () => {
  it('moves the label to a version, and says what it took it from', async () => {
    await push('promoted', 'a');
    await push('promoted', 'b');
    expect(await promote('promoted', { to: { version: '1' }, reason: 'agreed' })).toMatchObject({
      outcome: 'moved',
      to: '1',
    });
    expect(await promote('promoted')).toMatchObject({ outcome: 'moved', from: '1', to: '2' });
    expect(await promote('promoted')).toMatchObject({ outcome: 'unchanged', to: '2' });
    expect(await holder('promoted')).toBe('2');
    expect(await history('promoted')).toMatchObject([
      { kind: 'promote', from: '1', to: '2' },
      { kind: 'promote', to: '1', reason: 'agreed' },
    ]);
  });

  it('that is repeated answers as it did at first', async () => {
    await push('repeated', 'a', { labels: ['production'] });
    await push('repeated', 'b');
    const key = unique('move');
    const first = await promote('repeated', {}, key);
    // Something newer has come meanwhile: what was decided stays.
    await push('repeated', 'c');
    expect(await promote('repeated', {}, key)).toEqual(first);
    expect(await holder('repeated')).toBe('2');
  });

  it('of what is not there is an error', async () => {
    await expect(promote('nobody')).rejects.toMatchObject({ code: 'PROMPT_NOT_FOUND' });
    await push('somebody', 'a');
    await expect(promote('somebody', { to: { version: '9' } })).rejects.toMatchObject({
      code: 'PROMPT_NOT_FOUND',
    });
    await expect(promote('somebody', { to: { label: 'staging' } })).rejects.toMatchObject({
      code: 'PROMPT_NOT_FOUND',
    });
  });
});

describe('a rollback', () => {
  it('goes back one version each time, and says so in the history', async () => {
    for (const text of ['a', 'b', 'c']) {
      await push('back', text);
      await promote('back');
    }
    expect(await rollback('back')).toMatchObject({ outcome: 'moved', from: '3', to: '2' });
    expect(await rollback('back')).toMatchObject({ from: '2', to: '1' });
    expect(await holder('back')).toBe('1');
    await expect(rollback('back')).rejects.toMatchObject({ code: 'PROMPT_HISTORY_MISSING' });
    expect((await history('back')).map(({ kind }) => kind)).toEqual([
      'rollback',
      'rollback',
      'promote',
      'promote',
      'promote',
    ]);
  });

  it('does not guess where nothing was recorded, or somebody moved the label by hand', async () => {
    await push('by-hand', 'a');
    await push('by-hand', 'b');
    await expect(rollback('by-hand')).rejects.toMatchObject({ code: 'PROMPT_HISTORY_MISSING' });
    await promote('by-hand');
    await platform.prompts.moveLabel('by-hand', { label: 'production', version: '1' }, soon());
    await expect(rollback('by-hand')).rejects.toMatchObject({
      code: 'PROMPT_HISTORY_MISSING',
      message: expect.stringContaining('version 1') as unknown,
    });
    expect(await holder('by-hand')).toBe('1');
  });
});

describe('a promotion that requires a gate', () => {
  const manifest: Manifest = {
    version: 1,
    dataset: { name: 'tickets', itemsHash: 'a'.repeat(64), items: 2 },
    target: { kind: 'function', name: 'triage', code: 'b'.repeat(64) },
    evaluators: [],
    repetitions: 1,
  };

  /** A gate that was decided about a run of this content. */
  async function decided(text: string, verdict: 'pass' | 'regress' | 'inconclusive', ago = 0) {
    const run = unique('head');
    const experimentId = await newExperiment(test.store, run);
    const prompt = { name: 'any', version: 1, contentHash: promptContentHash(contentOf(text)) };
    await countOf(test.store, 'update assay.experiments set platform_runs = $2 where id = $1', [
      experimentId,
      JSON.stringify([{ platform: 'langfuse', prompt }]),
    ]);
    const baseline = await reserveBaseline(test.store, {
      project,
      name: unique('release'),
      dataset: 'tickets',
      experimentId,
      runUid: 'uid',
      manifest,
      manifestHash: 'hash',
    });
    await countVersion(test.store, {
      experimentId,
      runUid: 'uid',
      manifest,
      manifestHash: 'hash',
      baselineId: baseline.id,
      version: 1,
      cells: 1,
    });
    const name = unique('gate');
    const plan: GatePlan = {
      policy: gatePolicy({}, {}),
      head: { kind: 'run', experimentId, name: run },
      base: { kind: 'baseline', baselineId: baseline.id, name: baseline.name, version: 1, run },
      publish: true,
    };
    const gate = await recordGate(test.store, {
      project,
      name,
      request: gateRequestSchema.parse({ project, name, head: { kind: 'run', name: run } }),
      requestHash: 'hash',
      plan,
      workflowId: name,
    });
    await decideGate(test.store, {
      gateId: gate.id,
      verdict,
      headExperimentId: experimentId,
      report: {},
    });
    await countOf(
      test.store,
      `update assay.gates set decided_at = decided_at - $2 * interval '1 day' where id = $1`,
      [gate.id, ago],
    );
    return { gate: name, baseline };
  }

  const refused = (work: Promise<unknown>, message: string) =>
    expect(work).rejects.toMatchObject({
      code: 'PROMPT_GATE_REFUSED',
      message: expect.stringContaining(message) as unknown,
    });

  it('goes where the newest gate of exactly this content passed, and records which', async () => {
    await push('gated', 'good');
    const { gate, baseline } = await decided('good', 'pass');
    expect(await promote('gated', { gate: {} })).toMatchObject({ outcome: 'moved', gate });
    expect(await history('gated')).toMatchObject([{ gate }]);
    await push('gated-too', 'good');
    expect(await promote('gated-too', { gate: { name: baseline.name } })).toMatchObject({ gate });
    expect(await promote('gated-too', { label: 'staging', gate: { name: gate } })).toMatchObject({
      gate,
    });
  });

  it('is refused where no gate tested it, or only another content, or another gate did', async () => {
    await push('untested', 'never tested');
    await refused(promote('untested', { gate: {} }), 'no gate has tested this content');
    await decided('never tested, nearly', 'pass');
    await refused(promote('untested', { gate: {} }), 'no gate has tested this content');
    await decided('never tested', 'pass');
    await refused(promote('untested', { gate: { name: 'release-9' } }), '"release-9"');
    expect(await holder('untested')).toBeUndefined();
    expect(await history('untested')).toEqual([]);
  });

  it.each(['regress', 'inconclusive'] as const)(
    'is refused where the newest says %s',
    async (verdict) => {
      await push(`bad-${verdict}`, `bad ${verdict}`);
      await decided(`bad ${verdict}`, 'pass', 1);
      await decided(`bad ${verdict}`, verdict);
      await refused(promote(`bad-${verdict}`, { gate: {} }), `says ${verdict}`);
    },
  );

  it('is refused where the verdict is too old, or its baseline has changed since', async () => {
    await push('old', 'old');
    await decided('old', 'pass', 40);
    await refused(promote('old', { gate: {} }), 'more than 30 days ago');
    expect(await promote('old', { gate: { maxAgeDays: 50 } })).toMatchObject({ outcome: 'moved' });
    await push('stale', 'stale');
    const { baseline } = await decided('stale', 'pass');
    await markStale(test.store, { baselineId: baseline.id, version: 1 }, [
      { at: 'dataset', message: 'has other items' },
    ]);
    await refused(promote('stale', { gate: {} }), 'has changed since');
  });
});
