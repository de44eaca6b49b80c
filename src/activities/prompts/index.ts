import type { PromptActivities } from '../../contracts/prompt-protocol.js';
import { withFailures } from '../failures.js';
import { withHeartbeat } from '../heartbeat.js';
import { movePromptLabel } from './move.js';
import { choosePlatforms } from './platforms.js';
import { keyPlaces } from './places.js';
import type { PromptPorts } from './ports.js';
import { pushPrompt } from './push.js';

/** Makes the activities of prompts. */
export function createPromptActivities(ports: PromptPorts): PromptActivities {
  return withFailures<PromptActivities>({
    choosePlatforms: ({ backend, places = false }) =>
      withHeartbeat(async (beat) => {
        const platforms = choosePlatforms(ports, backend);
        if (!places) return { platforms };
        return { platforms, places: await keyPlaces(ports, platforms, beat.cancelled) };
      }),
    pushPrompt: (on) => withHeartbeat((beat) => pushPrompt(on, { ports, signal: beat.cancelled })),
    movePromptLabel: (on) =>
      withHeartbeat((beat) => movePromptLabel(on, { ports, signal: beat.cancelled })),
  });
}
