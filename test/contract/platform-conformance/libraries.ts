import { describe, expect, it } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';

import type {
  ItemToWrite,
  PlatformDatasets,
  PlatformItem,
} from '../../../src/platforms/dataset-port.js';
import type { PlatformPrompts, PromptToCreate } from '../../../src/platforms/prompt-port.js';
import { promptContentHash } from '../../../src/core/prompts/content.js';
import type { Suite } from './suite.js';
import { eventually, itemOf, soon, unique } from './work.js';

async function collect<T>(pages: AsyncIterable<readonly T[]>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

/** Prompts that are kept in step with git. */
export function describePromptLibrary({ server, itHere }: Suite): void {
  const library = (): PlatformPrompts => server().platform.prompts;
  const promptOf = (name: string, text: string): PromptToCreate => {
    const content = {
      body: {
        kind: 'chat' as const,
        messages: [
          { role: 'system', content: text },
          { placeholder: 'history' },
          { role: 'user', content: 'Ticket: {{text}} {"a": {"b": 1}}' },
        ],
      },
      config: { model: 'gpt-4o-mini', temperature: 0.2, stop: ['\n'] },
    };
    return { name, ...content, contentHash: promptContentHash(content) };
  };

  describe('the library of prompts', () => {
    it('gives a prompt back as it was, by its version and by its label', async () => {
      const wanted = { ...promptOf(unique('prompt'), 'Be {{tone}}.'), tags: ['support'] };
      const { name, body, config } = wanted;
      const { version, created } = await library().ensure(
        { ...wanted, labels: ['staging'], message: 'First' },
        soon(),
      );
      expect(created).toBe(true);
      const found = await library().get(name, { version }, soon());
      expect(found).toMatchObject({ name, version, body, config, tags: ['support'] });
      expect(found?.message).toBe('First');
      expect(found?.labels).toContain('staging');
      expect(await library().get(name, { label: 'staging' }, soon())).toMatchObject({ version });
      expect(await library().get(name, { label: 'latest' }, soon())).toMatchObject({ version });
      const names = (await collect(library().list(soon()))).map((each) => each.name);
      expect(names).toContain(name);
    });

    it('gives the text of a text prompt back, whatever braces it has', async () => {
      const body = { kind: 'text' as const, text: 'Sort {{text}} as {"is": {"json": [1, "%"]}}\n' };
      const content = { body, config: {} };
      const name = unique('prompt');
      const contentHash = promptContentHash(content);
      const { version } = await library().ensure({ name, ...content, contentHash }, soon());
      expect(await library().get(name, { version }, soon())).toMatchObject({ body });
    });

    it('makes no second version of equal content, and shows all versions newest first', async () => {
      const name = unique('prompt');
      const first = await library().ensure(promptOf(name, 'One'), soon());
      const second = await library().ensure(promptOf(name, 'Two'), soon());
      expect(await library().ensure(promptOf(name, 'One'), soon())).toEqual({
        ...first,
        created: false,
      });
      const versions = await collect(library().versions(name, soon()));
      expect(versions.map(({ version }) => version)).toEqual([second.version, first.version]);
      expect(versions.map((each) => promptContentHash(each))).toEqual(
        ['Two', 'One'].map((text) => promptOf(name, text).contentHash),
      );
    });

    it('makes an old content the newest again where that is asked for, once, and foresees it', async () => {
      const name = unique('prompt');
      const newest = (text: string) => ({ ...promptOf(name, text), newest: true });
      const served = async () => (await library().get(name, { label: 'latest' }, soon()))?.version;
      expect(await library().foresee(newest('One'), soon())).toMatchObject({ outcome: 'create' });
      const one = await library().ensure(newest('One'), soon());
      const two = await library().ensure(newest('Two'), soon());
      expect(await library().foresee(newest('One'), soon())).toMatchObject({ outcome: 'create' });
      const again = await library().ensure(newest('One'), soon());
      expect(again.created).toBe(true);
      expect([one.version, two.version]).not.toContain(again.version);
      const stays = { version: again.version, created: false };
      expect(await library().ensure(newest('One'), soon())).toEqual(stays);
      // Whoever will do with any version of it is given the same one.
      expect(await library().ensure(promptOf(name, 'One'), soon())).toEqual(stays);
      expect(await library().foresee(newest('One'), soon())).toMatchObject({
        outcome: 'unchanged',
        version: again.version,
      });
      expect(await library().foresee(promptOf(name, 'Two'), soon())).toMatchObject({
        outcome: 'unchanged',
        version: two.version,
      });
      expect(await served()).toBe(again.version);
      expect(await collect(library().versions(name, soon()))).toHaveLength(3);
    });

    it('has a label on one version, from which it is taken when it moves', async () => {
      const name = unique('prompt');
      const one = await library().ensure(promptOf(name, 'One'), soon());
      const two = await library().ensure(promptOf(name, 'Two'), soon());
      const move = (version: string) =>
        library().moveLabel(name, { label: 'production', version }, soon());
      expect(await move(one.version)).toEqual({ moved: true });
      expect(await move(two.version)).toEqual({ moved: true, from: one.version });
      expect(await move(two.version)).toEqual({ moved: false, from: two.version });
      const versions = await collect(library().versions(name, soon()));
      const holders = versions.filter(({ labels }) => labels.includes('production'));
      expect(holders.map(({ version }) => version)).toEqual([two.version]);
    });

    it('knows nothing of what nobody made', async () => {
      const name = unique('prompt');
      expect(await library().get(name, { label: 'latest' }, soon())).toBeUndefined();
      expect(await collect(library().versions(name, soon()))).toEqual([]);
      await library().ensure(promptOf(name, 'One'), soon());
      expect(await library().get(name, { label: 'production' }, soon())).toBeUndefined();
      expect(await library().get(name, { version: '9999999' }, soon())).toBeUndefined();
    });

    itHere('refuses wrong keys with a coded error that shows none', async () => {
      const { stranger } = server();
      const error: unknown = await stranger?.platform.prompts
        .ensure(promptOf('any', 'One'), soon())
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'PLATFORM_UNAUTHORIZED' });
      expect(JSON.stringify(error)).not.toContain(stranger?.key);
    });
  });
}

/** Datasets that are kept in step with git. */
export function describeDatasetLibrary({ server, itHere, traits }: Suite): void {
  const library = (): PlatformDatasets => server().platform.datasets;
  const items = async (dataset: string, version?: string): Promise<readonly PlatformItem[]> => {
    const of = version === undefined ? {} : { version };
    const all = await collect(library().items({ dataset, ...of, signal: soon() }));
    return [...all].sort((a, b) => a.item.id.localeCompare(b.item.id, 'en', { numeric: true }));
  };
  const made = async () => {
    const name = unique('library');
    const { id } = await library().ensure({ name }, soon());
    return { id, name };
  };
  const write = (dataset: { id: string; name: string }, all: readonly ItemToWrite[]) =>
    library().writeItems({ dataset, items: all, signal: soon() });
  const seen = (dataset: string, count: number) =>
    eventually(
      () => items(dataset),
      ({ length }) => length === count,
      traits.visibleWithinMs,
    );
  const idsOf = (all: readonly PlatformItem[]) => all.map(({ item }) => item.id);

  describe('the library of datasets', () => {
    it('makes a dataset once, and keeps what is not given', async () => {
      const name = unique('library');
      const about = { description: 'Tickets', metadata: { team: 'a' } };
      const first = await library().ensure({ name, ...about }, soon());
      expect(first).toMatchObject({ name, created: true, ...about });
      expect(await library().ensure({ name }, soon())).toMatchObject({
        id: first.id,
        created: false,
        ...about,
      });
      expect(await library().get(name, soon())).toMatchObject({ id: first.id, ...about });
      const names = (await collect(library().list(soon()))).map((each) => each.name);
      expect(names).toContain(name);
    });

    it('gives items back with their ids, expectations and splits', async () => {
      const dataset = await made();
      const wanted = [0, 1, 2].map((n) => ({ item: itemOf(n), splits: n === 1 ? ['hard'] : [] }));
      expect(await write(dataset, wanted)).toMatchObject({ written: 3 });
      const there = await seen(dataset.name, 3);
      expect(idsOf(there)).toEqual(wanted.map(({ item }) => item.id));
      expect(there.map(({ splits }) => splits)).toEqual([[], ['hard'], []]);
      expect(there.map(({ item }) => item.input)).toEqual(wanted.map(({ item }) => item.input));
      expect(there.map(({ item }) => item.expected)).toEqual(
        wanted.map(({ item }) => item.expected),
      );
      await write(dataset, wanted);
      expect(idsOf(await items(dataset.name))).toEqual(idsOf(there));
    });

    it('shows a version of the past as it stood, by the moment that the write said', async () => {
      const dataset = await made();
      const { lastChange: before } = await write(
        dataset,
        [0, 1, 2].map((n) => ({ item: itemOf(n) })),
      );
      expect(before).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      await seen(dataset.name, 3);
      await wait(5);
      const changed = { ...itemOf(1), input: { text: 'Corrected' } };
      const { lastChange: after = '' } = await write(dataset, [{ item: changed, replaces: true }]);
      expect(after > (before ?? '')).toBe(true);
      const [first] = await items(dataset.name);
      await wait(5);
      const archived = await library().archiveItems({
        dataset,
        items: first === undefined ? [] : [first],
        signal: soon(),
      });
      expect(archived).toMatchObject({ archived: 1 });
      const inputs = async (version?: string) =>
        Object.fromEntries(
          (await items(dataset.name, version)).map(({ item }) => [item.id, item.input]),
        );
      const [zero, one, two] = [0, 1, 2].map(itemOf);
      expect(await inputs(before)).toEqual({
        [String(zero?.id)]: zero?.input,
        [String(one?.id)]: one?.input,
        [String(two?.id)]: two?.input,
      });
      expect(await inputs(after)).toMatchObject({
        [String(zero?.id)]: zero?.input,
        [changed.id]: changed.input,
      });
      const now = { [changed.id]: changed.input, [String(two?.id)]: two?.input };
      expect(await inputs()).toEqual(now);
      expect(await inputs(archived.lastChange)).toEqual(now);
    });

    it('knows nothing of what nobody made', async () => {
      const name = unique('library');
      expect(await library().get(name, soon())).toBeUndefined();
      await expect(items(name)).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
    });

    itHere('refuses wrong keys with a coded error that shows none', async () => {
      const { stranger } = server();
      const error: unknown = await stranger?.platform.datasets
        .ensure({ name: 'any' }, soon())
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'PLATFORM_UNAUTHORIZED' });
      expect(JSON.stringify(error)).not.toContain(stranger?.key);
    });
  });
}
