import { describe, expect, it } from '@jest/globals';

import type { DatasetItem } from '../../../src/contracts/records.js';
import { contentHash } from '../../../src/core/ids/hash.js';
import type { Platform, PromptToStore } from '../../../src/platforms/port.js';
import type { Suite } from './suite.js';
import { eventually, itemOf, soon, unique } from './work.js';

/** What it says of itself, and the datasets that it keeps. */
export function describeDatasets({ server, itHere, traits }: Suite): void {
  const platform = (): Platform => server().platform;
  const ensure = (dataset: string, items: readonly DatasetItem[]) =>
    platform().ensureItems({ dataset, items, signal: soon(), onProgress: () => undefined });
  const read = async (dataset: string, version: string): Promise<readonly DatasetItem[]> => {
    const items: DatasetItem[] = [];
    for await (const page of platform().readItems({ dataset, version, signal: soon() }))
      items.push(...page);
    return items.sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
  };
  const now = (): string => new Date().toISOString();

  describe('the server', () => {
    it('says what it is and whose project the keys are of', async () => {
      const { name } = platform();
      expect(await platform().describe(soon())).toMatchObject({
        platform: name,
        url: expect.stringMatching(/^https?:/),
        version: expect.any(String),
        projectId: expect.stringMatching(/./),
        projectName: expect.any(String),
      });
    });

    itHere('refuses wrong keys with a coded error that shows none', async () => {
      const { stranger } = server();
      const error: unknown = await stranger?.platform
        .describe(soon())
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'PLATFORM_UNAUTHORIZED' });
      expect(JSON.stringify(error)).not.toContain(stranger?.key);
    });
  });

  describe('a dataset', () => {
    it('that is ensured again is the same one', async () => {
      const name = unique('dataset');
      const first = await platform().ensureDataset({ name, description: 'One' }, soon());
      expect(first.id).toMatch(/./);
      const again = await platform().ensureDataset({ name, description: 'One' }, soon());
      expect(again.id).toBe(first.id);
    });

    it('ensured by two at once is one', async () => {
      const name = unique('dataset');
      const both = await Promise.all([1, 2].map(() => platform().ensureDataset({ name }, soon())));
      expect(new Set(both.map(({ id }) => id)).size).toBe(1);
    });

    it('gives its items back as they were written, and writes an unchanged one no more', async () => {
      const dataset = unique('dataset');
      await platform().ensureDataset({ name: dataset }, soon());
      const items = [0, 1, 2].map(itemOf);
      expect(await ensure(dataset, items)).toEqual({ written: 3, unchanged: 0 });
      const seen = await eventually(
        () => read(dataset, now()),
        ({ length }) => length === 3,
        traits.visibleWithinMs,
      );
      expect(seen).toEqual(items);
      expect(await ensure(dataset, items)).toEqual({ written: 0, unchanged: 3 });
    });

    it('writes the item that changed and leaves the others alone', async () => {
      const dataset = unique('dataset');
      await platform().ensureDataset({ name: dataset }, soon());
      const items = [0, 1, 2].map(itemOf);
      await ensure(dataset, items);
      const changed = items.map((item, at) =>
        at === 1 ? { ...item, input: { text: 'Corrected' } } : item,
      );
      expect(await ensure(dataset, changed)).toEqual({ written: 1, unchanged: 2 });
      const seen = await eventually(
        () => read(dataset, now()),
        (there) => JSON.stringify(there).includes('Corrected'),
        traits.visibleWithinMs,
      );
      expect(seen).toEqual(changed);
    });

    it('that nobody made is not found', async () => {
      await expect(read(unique('nowhere'), now())).rejects.toMatchObject({
        code: 'DATASET_NOT_FOUND',
      });
    });
  });
}

/** The prompts that a run was made with. */
export function describePrompts({ server }: Suite): void {
  const promptOf = (name: string, text: string): PromptToStore => {
    const content = {
      body: {
        kind: 'chat' as const,
        messages: [
          { role: 'system', content: text },
          { role: 'user', content: 'Ticket: {{text}}' },
        ],
      },
      config: { model: 'gpt-4o-mini', temperature: 0.2 },
    };
    return { name, ...content, contentHash: contentHash(content) };
  };

  describe('a prompt', () => {
    it('of equal content is never a second version; other content is', async () => {
      const { platform } = server();
      const name = unique('prompt');
      const first = await platform.ensurePrompt(promptOf(name, 'Sort tickets.'), soon());
      expect(await platform.ensurePrompt(promptOf(name, 'Sort tickets.'), soon())).toEqual(first);
      const second = await platform.ensurePrompt(promptOf(name, 'Sort them well.'), soon());
      expect(second.version).not.toEqual(first.version);
      expect(await platform.ensurePrompt(promptOf(name, 'Sort tickets.'), soon())).toEqual(first);
    });
  });
}
