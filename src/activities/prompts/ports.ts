import type { Platform } from '../../platforms/port.js';
import type { Store } from '../../store/store.js';

/** What the activities of prompts are made of. */
export interface PromptPorts {
  readonly store: Store;
  readonly platforms: readonly Pick<Platform, 'name' | 'prompts'>[];
}
