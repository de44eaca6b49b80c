import { join } from 'node:path';

import type { Config } from '../contracts/config.js';
import type { TargetIdentity } from '../contracts/manifest.js';
import { replayTarget } from '../core/calibration/replay.js';
import { AssayError } from '../core/errors/assay-error.js';
import { createFunctionTarget } from './function-target.js';
import { createHttpTarget } from './http-target.js';
import type { Target } from './port.js';
import { pinnedPromptFolder, readPromptFolder } from './prompt-folder.js';
import { fetchedPromptFolder, type PromptFetcher } from './fetched-prompt.js';
import { createPromptTarget } from './prompt-target.js';
import { createReplayTarget } from './replay-target.js';

/**
 * Makes one target of the config ready to run.
 *
 * @throws AssayError TARGET_NOT_FOUND, PROMPT_INVALID, PROMPT_NOT_FOUND, CONFIG_INVALID, PLATFORM_*
 */
export async function buildTarget(request: {
  name: string;
  config: Config;
  /** The folder that paths in the config are relative to. */
  root: string;
  codeHash: string;
  /** For prompts that are kept on a platform. */
  fetchPrompt?: PromptFetcher;
  /** The identity that was planned: its prompt is used, also where the file was edited since. */
  pinned?: TargetIdentity;
}): Promise<Target> {
  const { name, config, root, codeHash, fetchPrompt, pinned } = request;
  if (name === replayTarget) return createReplayTarget();
  // Own members only: `constructor` is in every object.
  const target = Object.hasOwn(config.targets, name) ? config.targets[name] : undefined;
  if (target === undefined) {
    const known = Object.keys(config.targets);
    throw new AssayError('TARGET_NOT_FOUND', `There is no target "${name}" in the config.`, {
      mend: known.length > 0 ? `Known targets: ${known.join(', ')}.` : 'Add it under `targets`.',
    });
  }
  switch (target.kind) {
    case 'function':
      return createFunctionTarget({ name, config: target, codeHash, models: config.models });
    case 'http':
      return createHttpTarget({ name, config: target });
    case 'prompt': {
      const path = join(root, target.folder ?? join('targets', name));
      const folder =
        pinned?.kind === 'prompt'
          ? await pinnedPromptFolder(pinned, { path, models: config.models })
          : target.prompt === undefined
            ? await readPromptFolder(path)
            : await fetchedPromptFolder(target.prompt, fetchPrompt);
      return createPromptTarget({ name, config: target, folder, models: config.models });
    }
  }
}
