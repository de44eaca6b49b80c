import type { Beat } from '../heartbeat.js';

/** How far a platform is with the items of a dataset. */
export interface PlatformProgress {
  /** Items that the attempt before this one had made sure of. */
  readonly before: number;
  at(ordinal: number, written: number): void;
}

/** The same of all platforms of a run: they are prepared beside each other and share one heartbeat. */
export interface ItemProgress {
  of(platform: string): PlatformProgress;
}

/** @param items of the dataset, for whoever reads the heartbeat. */
export function createItemProgress(beat: Beat, items: number): ItemProgress {
  const here = ([key]: readonly [string, unknown]): boolean => key.includes(': ');
  // Kept also of a platform that is not asked this time: the next attempt may ask it.
  let known = Object.fromEntries(Object.entries(beat.before).filter(here));
  return {
    of: (platform) => {
      const key = `${platform}: items`;
      const before = beat.before[key];
      return {
        before: typeof before === 'number' ? before : 0,
        at(ordinal, written) {
          known = { ...known, [key]: ordinal, [`${platform}: written`]: written };
          beat.tell({ step: 'dataset', of: items, ...known });
        },
      };
    },
  };
}
