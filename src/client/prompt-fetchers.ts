import type { PlatformName } from '../contracts/backend.js';
import type { Connections } from '../contracts/environment.js';
import { createPlatformPromptCache } from '../prompts/platform-prompts.js';
import type { PromptCache } from '../prompts/prompt-cache.js';
import { openStore, type Store } from '../store/store.js';
import { platformNamed } from './platforms.js';
import type { Transport } from './transport.js';

/** The caches of prompts that applications fetch, one for each project and platform. */
export interface PromptFetchers {
  /** @param platform default: the first whose keys are set here. @throws AssayError PLATFORM_NOT_CONFIGURED */
  of(project: string, platform?: PlatformName): PromptCache;
  close(): Promise<void>;
}

/**
 * Opens nothing yet. What platforms say is kept in Postgres for the time when they are away: the one thing that a client writes
 * there, over a connection of its own.
 */
export function createPromptFetchers(
  transport: Transport,
  on: { readonly connections: Connections; readonly folder: string },
): PromptFetchers {
  const { connections, folder } = on;
  const caches = new Map<string, PromptCache>();
  let opened: Promise<Store> | undefined;
  const store = (): Promise<Store> => {
    opened ??= openStore({
      url: connections.databaseUrl,
      max: 1,
      applicationName: 'assay-prompts',
    });
    // A failed attempt is not kept: the next answer may find Postgres up again.
    opened.catch(() => (opened = undefined));
    return opened;
  };
  return {
    of(project, name) {
      const platform = platformNamed(transport, name);
      const key = `${platform.name} ${project}`;
      const known =
        caches.get(key) ??
        createPlatformPromptCache({ project, platform, connections, store, folder });
      caches.set(key, known);
      return known;
    },
    async close() {
      for (const cache of caches.values()) await cache.settled();
      await opened?.then((open) => open.close()).catch(() => undefined);
    },
  };
}
