import { join } from 'node:path';

import type { PlatformName } from '../contracts/backend.js';
import type { Connections } from '../contracts/environment.js';
import { placeOf } from '../platforms/place.js';
import type { Platform } from '../platforms/port.js';
import { createPromptCache, type PromptCache } from '../prompts/prompt-cache.js';
import { readPromptFolders } from '../prompts/prompt-folders.js';
import { dropPromptCopy, findPromptCopy, keepPromptCopy } from '../store/prompts/copies.js';
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
  const caches = new Map<string, PromptCache>();
  let store: Promise<Store> | undefined;
  const opened = (): Promise<Store> => {
    store ??= openStore({
      url: on.connections.databaseUrl,
      max: 1,
      applicationName: 'assay-prompts',
    });
    // A failed attempt is not kept: the next answer may find Postgres up again.
    store.catch(() => (store = undefined));
    return store;
  };
  const create = (project: string, { name: platform, prompts }: Platform): PromptCache => {
    const source = placeOf(on.connections, platform === 'langsmith' ? 'langsmith' : 'langfuse');
    return createPromptCache({
      load: (name, which, signal) =>
        prompts.resolve === undefined
          ? prompts.get(name, which, signal)
          : prompts.resolve(name, which, signal),
      copies: {
        keep: async (prompt, selector, copy) =>
          keepPromptCopy(await opened(), { project, source, prompt, selector }, copy),
        find: async (prompt, selector) =>
          findPromptCopy(await opened(), { project, source, prompt, selector }),
        forget: async (prompt, selector) =>
          dropPromptCopy(await opened(), { project, source, prompt, selector }),
      },
      file: async (name) => (await readPromptFolders(join(on.folder, 'targets'), [name]))[0],
    });
  };
  return {
    of(project, name) {
      const platform = platformNamed(transport, name);
      const key = `${platform.name} ${project}`;
      const known = caches.get(key) ?? create(project, platform);
      caches.set(key, known);
      return known;
    },
    async close() {
      for (const cache of caches.values()) await cache.settled();
      await store?.then((open) => open.close()).catch(() => undefined);
    },
  };
}
