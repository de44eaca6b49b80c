import type { PromptActivities } from '../../contracts/prompt-protocol.js';
import { withFailures } from '../failures.js';
import { withHeartbeat } from '../heartbeat.js';
import { movePromptLabel } from './move.js';
import { choosePlatforms } from './platforms.js';
import type { PromptPorts } from './ports.js';
import { pushPrompt } from './push.js';

/** Makes the activities of prompts. */
export function createPromptActivities(ports: PromptPorts): PromptActivities {
  return withFailures<PromptActivities>({
    choosePlatforms: ({ backend }) =>
      withHeartbeat(() => Promise.resolve({ platforms: choosePlatforms(ports, backend) })),
    pushPrompt: (on) => withHeartbeat((beat) => pushPrompt(on, { ports, signal: beat.cancelled })),
    movePromptLabel: (on) =>
      withHeartbeat((beat) => movePromptLabel(on, { ports, signal: beat.cancelled })),
  });
}
