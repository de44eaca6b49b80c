import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import type { PromptToCreate } from '../../src/platforms/prompt-port.js';
import { all, clientOf } from './langsmith-server-support.js';
import { collect, encodeCells, Place, soon } from './platform-langsmith-support.js';

let place: Place;
beforeAll(async () => {
  place = await Place.start();
});
afterEach(() => {
  place.server.faults.clear();
});
afterAll(() => place.close());

const prompt = (name: string, text: string, hash: string): PromptToCreate => ({
  name,
  body: {
    kind: 'chat',
    messages: [
      { role: 'system', content: text },
      { placeholder: 'history' },
      { role: 'user', content: '{{question}}' },
      { role: 'tool', content: 'plain' },
    ],
  },
  config: { model: 'gpt-4o-mini', temperature: 0.2 },
  contentHash: hash.repeat(64),
});

describe('prompts', () => {
  it('come back as they were, by version and by label', async () => {
    const { prompts } = place.platform;
    const wanted = {
      ...prompt('reply', 'Be {{tone}}.', 'a'),
      labels: ['staging'],
      tags: ['support'],
      message: 'First',
    };
    const { version, created } = await prompts.ensure(wanted, soon());
    expect(created).toBe(true);
    const found = await prompts.get('reply', { version }, soon());
    expect(found).toMatchObject({
      name: 'reply',
      version,
      body: wanted.body,
      config: wanted.config,
      tags: ['support'],
      message: 'First',
    });
    expect(found?.labels).toContain('staging');
    expect(await prompts.get('reply', { label: 'staging' }, soon())).toEqual(found);
    expect(await prompts.get('reply', { label: 'latest' }, soon())).toEqual(found);
    expect(await prompts.get('reply', { label: 'production' }, soon())).toBeUndefined();
    expect(await prompts.get('reply', { version: 'staging' }, soon())).toBeUndefined();
    expect(await prompts.get('nobody', { label: 'latest' }, soon())).toBeUndefined();
  });

  it('are read at once or not at all, and written through a stumble of the server', async () => {
    const { prompts } = place.platform;
    place.server.faults.order({ kind: 'server_error', next: 1, pathPrefix: '/repos' });
    await expect(prompts.get('patient', { label: 'latest' }, soon())).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
    });
    place.server.faults.order({ kind: 'server_error', next: 1, pathPrefix: '/repos' });
    const made = await prompts.ensure(prompt('patient', 'Wait {{a}}', '6'), soon());
    expect(made.created).toBe(true);
  });

  it('of equal content are one version, also where a process died before it marked it', async () => {
    const { prompts } = place.platform;
    const wanted = { ...prompt('once', 'Once {{a}}', 'c'), labels: ['beta'] };
    place.server.faults.order({
      kind: 'commit_then_drop',
      method: 'POST',
      next: 1,
      pathPrefix: '/commits/-/once',
    });
    const first = await prompts.ensure(wanted, soon());
    expect(first.created).toBe(true);
    expect(await prompts.ensure(wanted, soon())).toEqual({ ...first, created: false });
    const repo = place.server.inspect.repos.find(({ handle }) => handle === 'once');
    expect(repo?.commits).toHaveLength(1);
    expect([...(repo?.commitTags.keys() ?? [])]).toEqual(['beta', `assay-${'c'.repeat(24)}`]);
  });

  it('get their labels where a process died between the commit and its tags', async () => {
    const { prompts } = place.platform;
    const wanted = { ...prompt('cut', 'Cut {{a}}', '8'), labels: ['beta'] };
    const { version } = await prompts.ensure(wanted, soon());
    const repo = place.server.inspect.repos.find(({ handle }) => handle === 'cut');
    repo?.commitTags.clear();
    expect(await prompts.ensure(wanted, soon())).toEqual({ version, created: false });
    expect([...(repo?.commitTags.keys() ?? [])]).toContain('beta');
  });

  it('that somebody made with equal content are taken as they are', async () => {
    const { prompts } = place.platform;
    const client = clientOf(place.server);
    await client.createPrompt('by-hand');
    await client.createCommit('by-hand', {
      lc: 1,
      type: 'constructor',
      id: ['langchain', 'prompts', 'prompt', 'PromptTemplate'],
      kwargs: { template: 'Hi {{a}}', template_format: 'mustache', input_variables: ['a'] },
    });
    const body = { kind: 'text', text: 'Hi {{a}}' } as const;
    const wanted = { name: 'by-hand', body, config: {}, contentHash: '7'.repeat(64) };
    const theirs = await prompts.get('by-hand', { label: 'latest' }, soon());
    expect(await prompts.ensure({ ...wanted, labels: ['beta'] }, soon())).toEqual({
      version: theirs?.version,
      created: false,
    });
    expect(await prompts.get('by-hand', { label: 'beta' }, soon())).toBeUndefined();
  });

  it('are not taken for what git says by a hash that an edit in the browser has kept', async () => {
    const { prompts } = place.platform;
    const wanted = prompt('edited', 'As in git', 'e');
    const { version } = await prompts.ensure(wanted, soon());
    const repo = place.server.inspect.repos.find(({ handle }) => handle === 'edited');
    const ours = JSON.stringify(repo?.commits[0]?.manifest);
    const parentCommitHash = version;
    await clientOf(place.server).createCommit(
      'edited',
      JSON.parse(ours.replaceAll('As in git', 'As edited')) as object,
      { parentCommitHash },
    );
    const again = await prompts.ensure({ ...wanted, newest: true }, soon());
    expect(again.created).toBe(true);
    const latest = await prompts.get('edited', { label: 'latest' }, soon());
    expect(latest).toMatchObject({ version: again.version, body: wanted.body });
    expect(await prompts.ensure({ ...wanted, newest: true }, soon())).toEqual({
      ...again,
      created: false,
    });
  });

  it('are created once by two at a time', async () => {
    const wanted = prompt('race', 'Race', 'd');
    const other = place.another();
    await Promise.all([
      place.platform.prompts.ensure(wanted, soon()),
      place.platform.prompts.ensure(wanted, soon()),
      other.prompts.ensure(wanted, soon()),
    ]);
    const repo = place.server.inspect.repos.find(({ handle }) => handle === 'race');
    expect(repo?.commits).toHaveLength(1);
  });

  it('of other content that another worker commits at the same moment stand beside it', async () => {
    await place.platform.prompts.ensure(prompt('contested', 'Zero', '0'), soon());
    const hashes = ['1', '2', '3', '4'];
    const made = await Promise.all(
      hashes.map((hash) =>
        place.another().prompts.ensure(prompt('contested', `Text ${hash}`, hash), soon()),
      ),
    );
    expect(new Set(made.map(({ version }) => version)).size).toBe(hashes.length);
    const repo = place.server.inspect.repos.find(({ handle }) => handle === 'contested');
    expect(repo?.commits).toHaveLength(hashes.length + 1);
  });

  it('carry a label on one version only, which is moved once', async () => {
    const { prompts } = place.platform;
    const one = await prompts.ensure(prompt('moved', 'One', 'e'), soon());
    const two = await prompts.ensure(prompt('moved', 'Two', 'f'), soon());
    const label = 'production';
    expect(await prompts.moveLabel('moved', { label, version: one.version }, soon())).toEqual({
      moved: true,
    });
    expect(await prompts.moveLabel('moved', { label, version: two.version }, soon())).toEqual({
      moved: true,
      from: one.version,
    });
    expect(await prompts.moveLabel('moved', { label, version: two.version }, soon())).toEqual({
      moved: false,
      from: two.version,
    });
    const versions = await collect(prompts.versions('moved', soon()));
    expect(versions.map((each) => [each.version, each.labels.includes(label)])).toEqual([
      [two.version, true],
      [one.version, false],
    ]);
    await expect(
      prompts.moveLabel('moved', { label, version: 'f'.repeat(64) }, soon()),
    ).rejects.toMatchObject({ code: 'PROMPT_INVALID' });
  });

  it('keep a name that LangSmith does not take, and do not believe a readme', async () => {
    const { prompts } = place.platform;
    for (const name of ['Reply/DE', 'reply-de', '日本']) {
      await prompts.ensure(prompt(name, `For ${name}`, 'b'), soon());
    }
    await clientOf(place.server).createPrompt('liar', { readme: 'Name in Assay: "../../etc"' });
    const names = (await collect(prompts.list(soon()))).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['Reply/DE', 'reply-de', '日本', 'liar']));
    expect(names).not.toContain('../../etc');
  });

  it('are read by the official client, and theirs are read here', async () => {
    const client = clientOf(place.server);
    const { version } = await place.platform.prompts.ensure(prompt('shared', 'Hi', '9'), soon());
    const pulled = await client.pullPromptCommit('shared', { skipCache: true });
    expect(pulled.commit_hash).toBe(version);
    await client.createPrompt('fstring');
    await client.createCommit('fstring', {
      lc: 1,
      type: 'constructor',
      id: ['langchain_core', 'prompts', 'chat', 'ChatPromptTemplate'],
      kwargs: {
        messages: [
          {
            lc: 1,
            type: 'constructor',
            id: ['langchain_core', 'prompts', 'chat', 'HumanMessagePromptTemplate'],
            kwargs: {
              prompt: {
                lc: 1,
                type: 'constructor',
                id: ['langchain_core', 'prompts', 'prompt', 'PromptTemplate'],
                kwargs: { template: 'Sort {text}', input_variables: ['text'] },
              },
            },
          },
        ],
        input_variables: ['text'],
      },
    });
    const latest = { label: 'latest' };
    await expect(place.platform.prompts.get('fstring', latest, soon())).rejects.toMatchObject({
      code: 'PROMPT_INVALID',
    });
    const reading = place.another({
      fStrings: (text) => ({ text: text.replaceAll(/\{(\w+)\}/g, '{{$1}}') }),
    });
    expect(await reading.prompts.get('fstring', latest, soon())).toMatchObject({
      body: { kind: 'chat', messages: [{ role: 'user', content: 'Sort {{text}}' }] },
    });
  });
});

describe('datasets', () => {
  it('are made once with what is given, and keep what is not', async () => {
    const { datasets } = place.platform;
    const inputSchema = { type: 'object', required: ['q'] };
    const made = await datasets.ensure(
      { name: 'faq', description: 'Questions', metadata: { team: 'a' }, inputSchema },
      soon(),
    );
    expect(made).toMatchObject({ created: true, name: 'faq', description: 'Questions' });
    expect(made).toMatchObject({ metadata: { team: 'a' }, inputSchema });
    const writes = (): number =>
      Object.entries(place.server.requests.counts())
        .filter(([route]) => /^(POST|PATCH) \/datasets/.test(route))
        .reduce((sum, [, count]) => sum + count, 0);
    const before = writes();
    expect(await datasets.ensure({ name: 'faq' }, soon())).toMatchObject({
      created: false,
      description: 'Questions',
    });
    expect(await datasets.ensure({ name: 'faq', metadata: { team: 'a' } }, soon())).toMatchObject({
      created: false,
    });
    expect(writes()).toBe(before);
    const changed = await datasets.ensure({ name: 'faq', description: 'Other' }, soon());
    expect(changed).toMatchObject({ id: made.id, description: 'Other', metadata: { team: 'a' } });
    expect(await datasets.get('faq', soon())).toMatchObject({ id: made.id, inputSchema });
    expect(await datasets.get('nothing', soon())).toBeUndefined();
    const names = (await collect(datasets.list(soon()))).map(({ name }) => name);
    expect(names).toContain('faq');
  });

  it('give items back with external key, splits and expectation, and archive them', async () => {
    const { datasets } = place.platform;
    const { id } = await datasets.ensure({ name: 'split' }, soon());
    const dataset = { id, name: 'split' };
    const written = {
      dataset,
      items: [
        {
          item: { id: 'k-1', input: { q: '1' }, expected: [1, 2], metadata: { m: true } },
          splits: ['train', 'hard'],
        },
        { item: { id: 'k-2', input: { q: '2' }, metadata: {} } },
      ],
      signal: soon(),
    };
    // What is there, what came back, the write, the newest version.
    expect(await datasets.writeItems(written)).toEqual({
      written: 2,
      requests: 4,
      lastChange: expect.any(String),
    });
    // All again, as changes of what is there: nothing is there twice, and no split is lost.
    expect(await datasets.writeItems(written)).toEqual({
      written: 2,
      requests: 3,
      lastChange: expect.any(String),
    });
    const read = async () => {
      const list = await collect(datasets.items({ dataset: 'split', signal: soon() }));
      return [...list].sort((a, b) => (a.item.id < b.item.id ? -1 : 1));
    };
    const items = await read();
    expect(items.map(({ item }) => item)).toEqual(written.items.map(({ item }) => item));
    expect(items.map(({ splits }) => [...splits].sort())).toEqual([['hard', 'train'], []]);
    const viaClient = await all(clientOf(place.server).listExamples({ datasetName: 'split' }));
    expect(viaClient).toHaveLength(2);
    const version = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const archive = { dataset, items: items.slice(0, 1), signal: soon() };
    expect(await datasets.archiveItems(archive)).toMatchObject({ archived: 1, requests: 3 });
    expect(await datasets.archiveItems(archive)).toMatchObject({ archived: 1, requests: 2 });
    expect((await read()).map(({ item }) => item.id)).toEqual(['k-2']);
    const then = await collect(datasets.items({ dataset: 'split', version, signal: soon() }));
    expect(then).toHaveLength(2);
    const rest = await collect(
      datasets.items({ dataset: 'split', version, from: 1, signal: soon() }),
    );
    expect(rest).toEqual(then.slice(1));
    expect(await datasets.count({ dataset: 'split', signal: soon() })).toBe(1);
    expect(await datasets.count({ dataset: 'split', version, signal: soon() })).toBe(2);
    const [first] = written.items;
    if (first === undefined) throw new Error('no item');
    expect(datasets.platformId(dataset, first.item)).toBe(items[0]?.platformId);
  });

  it('take an item back that was taken out, under its own id, once, and keep its history', async () => {
    const { datasets } = place.platform;
    const name = 'returning';
    const { id } = await datasets.ensure({ name }, soon());
    const dataset = { id, name };
    const items = ['k-1', 'k-2', 'k-3'].map((key) => ({
      item: { id: key, input: { q: key }, expected: { a: 1 }, metadata: { m: key } },
      splits: ['train'],
    }));
    const shown = async (version?: string) => {
      const request = {
        dataset: name,
        signal: soon(),
        ...(version === undefined ? {} : { version }),
      };
      const list = await collect(datasets.items(request));
      return [...list].sort((a, b) => (a.item.id < b.item.id ? -1 : 1));
    };
    const archive = async (keys: readonly string[]) => {
      const there = (await shown()).filter(({ item }) => keys.includes(item.id));
      await datasets.archiveItems({ dataset, items: there, signal: soon() });
    };
    await datasets.writeItems({ dataset, items: items.slice(0, 2), signal: soon() });
    const before = await shown();
    const version = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const time of [1, 2]) {
      await archive(['k-1']);
      // Beside one that is new and one that stands there; again, as by a push that was killed before it noted that it wrote.
      for (const _again of [1, 2]) await datasets.writeItems({ dataset, items, signal: soon() });
      const now = await shown();
      expect([time, now.map(({ item }) => item)]).toEqual([time, items.map(({ item }) => item)]);
      expect(now.map(({ splits }) => splits)).toEqual([['train'], ['train'], ['train']]);
      expect(now[0]?.platformId).not.toBe(before[0]?.platformId);
      expect(now[1]?.platformId).toBe(before[1]?.platformId);
    }
    // What stands there unchanged is not written again, and the versions of before still show the first one.
    const versions = place.server.inspect.versions(name);
    const ensured = await place.platform.ensureItems({
      dataset: name,
      items: items.map(({ item }) => item),
      signal: soon(),
      onProgress: () => undefined,
    });
    expect(ensured).toEqual({ written: 0, unchanged: 3 });
    expect(place.server.inspect.versions(name)).toBe(versions);
    expect(await shown(version)).toEqual(before);
  });

  it('take a whole page back, lost answers included, and two at a time make no second one', async () => {
    const { datasets } = place.platform;
    const name = 'returning-many';
    const { id } = await datasets.ensure({ name }, soon());
    const dataset = { id, name };
    const items = Array.from({ length: 40 }, (_, index) => ({
      item: { id: `k-${index}`, input: { index }, metadata: {} },
    }));
    await datasets.writeItems({ dataset, items, signal: soon() });
    const there = await collect(datasets.items({ dataset: name, signal: soon() }));
    await datasets.archiveItems({ dataset, items: there, signal: soon() });
    place.server.faults.order({
      kind: 'commit_then_drop',
      method: 'POST',
      probability: 0.1,
      pathPrefix: '/examples/bulk',
    });
    const write = () => datasets.writeItems({ dataset, items, signal: soon() });
    await Promise.all([write(), write()]);
    place.server.faults.clear();
    const back = await collect(datasets.items({ dataset: name, signal: soon() }));
    expect(back.map(({ item }) => item.id).sort()).toEqual(items.map(({ item }) => item.id).sort());
  });

  it('change an item that others made where it stands, once it was pulled and comes back changed', async () => {
    const { datasets } = place.platform;
    const name = 'theirs-pushed';
    const client = clientOf(place.server);
    const { id } = await client.createDataset(name);
    await client.createExample({ dataset_id: id, inputs: { q: '1' }, reference_outputs: { a: 1 } });
    const items = () => collect(datasets.items({ dataset: name, signal: soon() }));
    const [pulled] = await items();
    if (pulled === undefined) throw new Error('no item');
    const dataset = { id, name };
    const item = { ...pulled.item, input: { q: '2' } };
    for (const _time of [1, 2]) {
      await datasets.writeItems({ dataset, items: [{ item }], signal: soon() });
    }
    expect((await items()).map(({ platformId, item: there }) => [platformId, there])).toEqual([
      [pulled.platformId, item],
    ]);
  });

  it('take an item as large as they say that they take', async () => {
    const { datasets } = place.platform;
    const { id } = await datasets.ensure({ name: 'large' }, soon());
    const text = 'x'.repeat((datasets.largestItem ?? 0) - 100);
    const items = [{ item: { id: 'large', input: { text }, metadata: {} } }];
    expect(text.length).toBeGreaterThan(10_000_000);
    expect(
      await datasets.writeItems({ dataset: { id, name: 'large' }, items, signal: soon() }),
    ).toMatchObject({ written: 1 });
  });

  it('give a returned item to experiments by the id that it has now', async () => {
    const context = await place.prepare();
    const name = context.run.datasetName;
    const dataset = { id: context.run.datasetId, name };
    const [cell] = encodeCells(place.platform, context);
    if (cell === undefined) throw new Error('no cell');
    const items = [{ item: cell.item }];
    await place.platform.datasets.writeItems({ dataset, items, signal: soon() });
    const there = () => collect(place.platform.datasets.items({ dataset: name, signal: soon() }));
    await place.platform.datasets.archiveItems({ dataset, items: await there(), signal: soon() });
    await place.platform.datasets.writeItems({ dataset, items, signal: soon() });
    const run = await place.platform.prepareRun({
      context,
      datasetId: dataset.id,
      datasetName: name,
      repetitions: 1,
      signal: soon(),
    });
    const [encoded] = encodeCells(place.platform, { ...context, run });
    const [root] = JSON.parse(encoded?.spans.body ?? '[]') as [
      { readonly run: { readonly reference_example_id: string } },
    ];
    expect(root.run.reference_example_id).toBe((await there())[0]?.platformId);
    // Read from the platform it is the same item as from a file.
    const planned = await collect(
      place.platform.readItems({
        dataset: name,
        version: new Date(Date.now() + 1_000).toISOString(),
        signal: soon(),
      }),
    );
    expect(planned).toEqual([cell.item]);
  });
});
