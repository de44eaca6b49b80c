import { join } from 'node:path';

import { keptInPostgres, type PromptCopiesOptions } from './prompt-copies.js';
import { createPromptCache, type PromptCache } from './prompt-cache.js';
import { readPromptFolders } from './prompt-folders.js';

export interface PlatformPromptsOptions extends PromptCopiesOptions {
  /** The project's folder: what its `targets/` say is served where nothing else is left. */
  readonly folder: string;
  /** How long the platform may take. Default that of the cache, 5 s. */
  readonly timeoutMs?: number;
}

/** A platform's prompts as they are served: by itself, else what it said last, else the files. */
export function createPlatformPromptCache(options: PlatformPromptsOptions): PromptCache {
  const { folder, timeoutMs } = options;
  const { prompts } = options.platform;
  return createPromptCache({
    load: (name, which, signal) =>
      prompts.resolve === undefined
        ? prompts.get(name, which, signal)
        : prompts.resolve(name, which, signal),
    copies: keptInPostgres(options),
    file: async (name) => (await readPromptFolders(join(folder, 'targets'), [name]))[0],
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}
