import { join } from 'node:path';

import type { Connections } from '../contracts/environment.js';
import { AssayError } from '../core/errors/assay-error.js';
import { placeOf } from '../platforms/place.js';
import type { Platform } from '../platforms/port.js';
import { createPromptCache } from '../prompts/prompt-cache.js';
import { readPromptFolders } from '../prompts/prompt-folders.js';
import { findPromptCopy, keepPromptCopy } from '../store/prompts/copies.js';
import type { Store } from '../store/store.js';
import type { PromptFetcher } from '../targets/fetched-prompt.js';
import type { LoadedConfig } from './load-config.js';

/** Fetches the prompts of targets from a platform; what it said last, or the project's files, where it is away. */
export function createPromptFetcher(from: {
  readonly platforms: readonly Platform[];
  readonly store: Store;
  readonly loaded: LoadedConfig;
  readonly connections: Connections;
}): { readonly fetch: PromptFetcher; settled(): Promise<void> } {
  const { platforms, store, loaded, connections } = from;
  const { project } = loaded.config;
  const [platform] = platforms;
  if (platform === undefined) throw new AssayError('INTERNAL', 'No platform is connected.');
  const source = placeOf(connections, platform.name === 'langsmith' ? 'langsmith' : 'langfuse');
  const cache = createPromptCache({
    load: (name, which, signal) =>
      platform.prompts.resolve === undefined
        ? platform.prompts.get(name, which, signal)
        : platform.prompts.resolve(name, which, signal),
    copies: {
      keep: (prompt, selector, copy) =>
        keepPromptCopy(store, { project, source, prompt, selector }, copy),
      find: (prompt, selector) => findPromptCopy(store, { project, source, prompt, selector }),
    },
    file: async (name) => (await readPromptFolders(join(loaded.root, 'targets'), [name]))[0],
    timeoutMs: 15_000,
  });
  return {
    fetch: async (wish) => ({ prompt: await cache.fetch(wish), platform: platform.name }),
    settled: () => cache.settled(),
  };
}
