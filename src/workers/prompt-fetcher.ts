import { platformNamed } from '../activities/experiment/run-platforms.js';
import type { PlatformName } from '../contracts/backend.js';
import type { Connections } from '../contracts/environment.js';
import type { Platform } from '../platforms/port.js';
import { createPlatformPromptCache } from '../prompts/platform-prompts.js';
import type { PromptCache } from '../prompts/prompt-cache.js';
import type { Store } from '../store/store.js';
import type { PlatformPromptFetcher } from '../targets/fetched-prompt.js';
import type { LoadedConfig } from './load-config.js';

/** A run that is planned can wait longer than a request of an application. */
const timeoutMs = 15_000;

/** Fetches the prompts of targets from a platform; what it said last, or the project's files, where it is away. */
export function createPromptFetcher(from: {
  readonly platforms: readonly Platform[];
  readonly store: Store;
  readonly loaded: LoadedConfig;
  readonly connections: Connections;
}): { readonly fetch: PlatformPromptFetcher; settled(): Promise<void> } {
  const { platforms, store, loaded, connections } = from;
  const caches = new Map<PlatformName, PromptCache>();
  const create = (name: PlatformName): PromptCache =>
    createPlatformPromptCache({
      project: loaded.config.project,
      platform: platformNamed({ platforms }, name),
      connections,
      store: () => Promise.resolve(store),
      folder: loaded.root,
      timeoutMs,
    });
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
