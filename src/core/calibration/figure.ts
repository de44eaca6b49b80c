import type { Interval } from '../statistics/interval.js';

/** A figure with its interval, or why there is none. */
export type Figure =
  | {
      readonly value: number;
      /** Null where the sample gives none; `note` then says why. */
      readonly interval: Interval | null;
      /** Of how many items it is. */
      readonly n: number;
      readonly note?: string;
    }
  | {
      readonly value: null;
      /** Ends the sentence "cannot be computed because …". */
      readonly because: string;
    };

export const none = (because: string): Figure => ({ value: null, because });
