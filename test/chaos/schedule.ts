import { createRandom, type Random } from '../../src/devstack/model/random.js';

/** What is done to the installation. Times in milliseconds. */
export type Strike =
  | { readonly kind: 'kill worker' }
  | { readonly kind: 'freeze worker'; readonly forMs: number }
  /** The process that holds the publisher's lock. */
  | { readonly kind: 'freeze publisher'; readonly forMs: number }
  | { readonly kind: 'deploy' }
  | { readonly kind: 'stop Temporal'; readonly forMs: number }
  | { readonly kind: 'kill Postgres'; readonly forMs: number }
  | { readonly kind: 'platform down'; readonly forMs: number }
  | { readonly kind: 'platform 429s'; readonly requests: number }
  | { readonly kind: 'model 429s'; readonly forMs: number };

/** A strike, and when: once this share of the cells has ended. */
export interface Scheduled {
  readonly at: number;
  readonly strike: Strike;
}

/** Faults that are there all the time: shares of requests. */
export const background = {
  platformCommitThenDrop: 0.05,
  platformErrors: 0.05,
  modelErrors: 0.05,
} as const;

const between = (random: Random, from: number, to: number): number =>
  Math.round(from + random() * (to - from));

const times = (count: number, make: () => Strike): Strike[] => Array.from({ length: count }, make);

const fullSet = (random: Random): Strike[] => [
  ...times(5, () => ({ kind: 'kill worker' })),
  ...times(2, () => ({ kind: 'freeze worker', forMs: between(random, 11_000, 16_000) })),
  // Longer than the deadline of a POST (10 s) and the platform's visibility deadline (15 s) together.
  { kind: 'freeze publisher', forMs: between(random, 26_000, 30_000) },
  ...times(2, () => ({ kind: 'deploy' })),
  { kind: 'stop Temporal', forMs: between(random, 1_000, 8_000) },
  { kind: 'kill Postgres', forMs: between(random, 500, 6_000) },
  { kind: 'platform down', forMs: 30_000 },
  ...times(2, () => ({ kind: 'platform 429s', requests: between(random, 3, 10) })),
  ...times(2, () => ({ kind: 'model 429s', forMs: between(random, 1_000, 4_000) })),
];

const shortSet = (random: Random): Strike[] => [
  ...times(2, () => ({ kind: 'kill worker' })),
  { kind: 'freeze publisher', forMs: between(random, 11_000, 13_000) },
  { kind: 'deploy' },
  { kind: 'stop Temporal', forMs: 1_000 },
  { kind: 'kill Postgres', forMs: 500 },
  { kind: 'platform down', forMs: 3_000 },
  { kind: 'platform 429s', requests: 3 },
  { kind: 'model 429s', forMs: 1_000 },
];

/**
 * Draws a schedule: the same one for the same seed. Moments are shares of the run and no times, so that every strike
 * hits a run that is under way, however slow the machine; what a strike meets there is chance.
 */
export const drawSchedule = (seed: number, short: boolean): readonly Scheduled[] => {
  const random = createRandom(seed);
  return (short ? shortSet(random) : fullSet(random))
    .map((strike) => ({ at: Math.round((0.02 + random() * 0.9) * 1_000) / 1_000, strike }))
    .sort((one, other) => one.at - other.at);
};
