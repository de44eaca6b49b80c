import type { Clock } from './clock.js';
import type { Route } from './http/exchange.js';
import type { Delays, Settings } from './options.js';

/** What every plugin is given. */
export interface Context {
  readonly settings: Settings;
  readonly clock: Clock;
  /** As they are now; a test may change them. */
  readonly delays: { current: Delays };
}

/** One capability: it contributes its routes. */
export type Plugin = (context: Context) => readonly Route[];
