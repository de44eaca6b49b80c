import { join } from 'node:path';

import { platformNamed } from '../activities/experiment/run-platforms.js';
import type { PlatformName } from '../contracts/backend.js';
import type { Connections } from '../contracts/environment.js';
import { placeOf } from '../platforms/place.js';
import type { Platform } from '../platforms/port.js';
import { createPromptCache, type PromptCache } from '../prompts/prompt-cache.js';
import { readPromptFolders } from '../prompts/prompt-folders.js';
import { dropPromptCopy, findPromptCopy, keepPromptCopy } from '../store/prompts/copies.js';
import type { Store } from '../store/store.js';
import type { PlatformPromptFetcher } from '../targets/fetched-prompt.js';
import type { LoadedConfig } from './load-config.js';

/** Fetches the prompts of targets from a platform; what it said last, or the project's files, where it is away. */
export function createPromptFetcher(from: {
  readonly platforms: readonly Platform[];
  readonly store: Store;
  readonly loaded: LoadedConfig;
  readonly connections: Connections;
}): { readonly fetch: PlatformPromptFetcher; settled(): Promise<void> } {
  const { platforms, store, loaded, connections } = from;
  const { project } = loaded.config;
  const caches = new Map<PlatformName, PromptCache>();
  const create = (name: PlatformName): PromptCache => {
    const { prompts } = platformNamed({ platforms }, name);
    const source = placeOf(connections, name);
    return createPromptCache({
      load: (prompt, which, signal) =>
        prompts.resolve === undefined
          ? prompts.get(prompt, which, signal)
          : prompts.resolve(prompt, which, signal),
      copies: {
        keep: (prompt, selector, copy) =>
          keepPromptCopy(store, { project, source, prompt, selector }, copy),
        find: (prompt, selector) => findPromptCopy(store, { project, source, prompt, selector }),
        forget: (prompt, selector) => dropPromptCopy(store, { project, source, prompt, selector }),
      },
      file: async (prompt) => (await readPromptFolders(join(loaded.root, 'targets'), [prompt]))[0],
      timeoutMs: 15_000,
    });
  };
  return {
    fetch: async (wish, platform) => {
      const cache = caches.get(platform) ?? create(platform);
      caches.set(platform, cache);
      return { prompt: await cache.fetch(wish), platform };
    },
    settled: async () => {
      for (const cache of caches.values()) await cache.settled();
    },
  };
}
