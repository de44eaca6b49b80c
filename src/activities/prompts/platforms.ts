import type { PromptBackend } from '../../contracts/prompt-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import type { PlatformPrompts } from '../../platforms/prompt-port.js';
import type { PromptPorts } from './ports.js';

/**
 * The platforms of this worker that a backend means: by its name, all with `both`, the first where nothing is said.
 *
 * @throws AssayError PLATFORM_UNSUPPORTED where this worker has no such platform.
 */
export function choosePlatforms(
  { platforms }: PromptPorts,
  backend: PromptBackend | undefined,
): readonly string[] {
  const names = platforms.map(({ name }) => name);
  const wanted = backend === 'both' ? ['langfuse', 'langsmith'] : [backend ?? names[0] ?? ''];
  const missing = wanted.filter((name) => !names.includes(name));
  if (missing.length === 0) return wanted;
  throw new AssayError(
    'PLATFORM_UNSUPPORTED',
    `The worker has no platform ${missing.map((name) => JSON.stringify(name)).join(', ')}.`,
    { mend: `It has: ${names.join(', ')}. Set the keys of the other where the worker runs.` },
  );
}

/** The library of a platform. */
export function promptsOf({ platforms }: PromptPorts, name: string): PlatformPrompts {
  const platform = platforms.find((each) => each.name === name);
  if (platform !== undefined) return platform.prompts;
  throw new AssayError('PLATFORM_UNSUPPORTED', `This worker has no platform "${name}".`);
}
