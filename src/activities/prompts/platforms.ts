import type { Backend } from '../../contracts/backend.js';
import type { PlatformPrompts } from '../../platforms/prompt-port.js';
import { backendOf, platformNamed, platformsNamed } from '../experiment/run-platforms.js';
import { platformNames } from '../../core/platforms/backend.js';
import type { PromptPorts } from './ports.js';

/**
 * The platforms that a command goes to: those of its backend, else of the config's.
 *
 * @throws AssayError PLATFORM_NOT_CONFIGURED with the variables of all that are missing: nothing is done then.
 */
export function choosePlatforms(
  ports: PromptPorts,
  backend: Backend | undefined,
): readonly string[] {
  const names = platformNames(backendOf({ backend }, ports));
  return platformsNamed(ports, names).map(({ name }) => name);
}

/** The library of a platform. @throws AssayError PLATFORM_NOT_CONFIGURED */
export function promptsOf(ports: PromptPorts, name: string): PlatformPrompts {
  return platformNamed(ports, name).prompts;
}
