import type { KeyPlace } from '../../contracts/prompt-protocol.js';
import { describedPlace } from '../../platforms/place.js';
import { platformsNamed } from '../experiment/run-platforms.js';
import type { PromptPorts } from './ports.js';

/** Where the keys of this worker lead. A server that does not answer in time is left out: a command that waits for it says so itself. */
export async function keyPlaces(
  ports: PromptPorts,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly KeyPlace[]> {
  const places = await Promise.all(
    platformsNamed(ports, names).map((platform) => describedPlace(platform, signal)),
  );
  return places.flatMap((place) => place ?? []);
}
