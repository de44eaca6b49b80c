import type { PromptTargetConfig } from '../contracts/config.js';
import { AssayError } from '../core/errors/assay-error.js';
import type { FetchedPrompt, PromptWish } from '../prompts/prompt-cache.js';
import { promptOfContent, type PromptFolder } from './prompt-folder.js';

/** A prompt as a platform keeps it, and which platform that is. */
export type PromptFetcher = (
  wish: PromptWish,
) => Promise<{ readonly prompt: FetchedPrompt; readonly platform: string }>;

/**
 * The prompt of a target whose prompt is kept on a platform. The platform is asked first: a run that is started right after a
 * promotion must not be of the version before.
 *
 * @throws AssayError PROMPT_NOT_FOUND, PROMPT_INVALID, PLATFORM_*
 */
export async function fetchedPromptFolder(
  wish: NonNullable<PromptTargetConfig['prompt']>,
  fetch: PromptFetcher | undefined,
): Promise<PromptFolder> {
  if (fetch === undefined) throw new AssayError('INTERNAL', 'Nobody here fetches prompts.');
  const { name, label, version } = wish;
  const { prompt, platform } = await fetch({
    name,
    fresh: true,
    ...(label === undefined ? {} : { label }),
    ...(version === undefined ? {} : { version: String(version) }),
  });
  const { body, config, contentHash, source } = prompt;
  return promptOfContent(
    { body, config },
    {
      at: `${name} (${source}, version ${prompt.version})`,
      stored: {
        name,
        body,
        config,
        contentHash,
        fetched: { platform, version: prompt.version, source },
      },
    },
  );
}
