import { join } from 'node:path';

import type { Connections } from '../contracts/environment.js';
import { AssayError } from '../core/errors/assay-error.js';
import { placeOf } from '../platforms/place.js';
import type { Platform } from '../platforms/port.js';
import { createPromptCache, type PromptCache } from '../prompts/prompt-cache.js';
import { readPromptFolders } from '../prompts/prompt-folders.js';
import { findPromptCopy, keepPromptCopy } from '../store/prompts/copies.js';
import { openStore, type Store } from '../store/store.js';
import type { Transport } from './transport.js';

/** The caches of prompts that applications fetch, one for each project. */
export interface PromptFetchers {
  of(project: string): PromptCache;
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
  const first = (): Platform => {
    const [platform] = transport.platforms();
    if (platform === undefined) throw new AssayError('INTERNAL', 'No platform is connected.');
    return platform;
  };
  const create = (project: string): PromptCache => {
    const { name: platform } = first();
    const source = placeOf(on.connections, platform === 'langsmith' ? 'langsmith' : 'langfuse');
    return createPromptCache({
      load: async (name, which, signal) => {
        const { prompts } = first();
        return prompts.resolve === undefined
          ? prompts.get(name, which, signal)
          : prompts.resolve(name, which, signal);
      },
      copies: {
        keep: async (prompt, selector, copy) =>
          keepPromptCopy(await opened(), { project, source, prompt, selector }, copy),
        find: async (prompt, selector) =>
          findPromptCopy(await opened(), { project, source, prompt, selector }),
      },
      file: async (name) => (await readPromptFolders(join(on.folder, 'targets'), [name]))[0],
    });
  };
  return {
    of(project) {
      const known = caches.get(project) ?? create(project);
      caches.set(project, known);
      return known;
    },
    async close() {
      for (const cache of caches.values()) await cache.settled();
      await store?.then((open) => open.close()).catch(() => undefined);
    },
  };
}
