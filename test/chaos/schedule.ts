import { createRandom, type Random } from '../../src/devstack/model/random.js';
import type { Place } from './ambush.js';
import { callPlaces, publishingPlaces, stepPlaces } from './places.js';

/** What is done to the installation. Times in milliseconds. */
export type Strike =
  /** The one with the most paid calls in flight. */
  | { readonly kind: 'kill worker' }
  | { readonly kind: 'freeze worker'; readonly forMs: number }
  | { readonly kind: 'kill at'; readonly place: Place }
  | { readonly kind: 'freeze at'; readonly place: Place; readonly forMs: number }
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

const draw = (random: Random, places: readonly Place[], count: number): readonly Place[] => {
  const left = [...places];
  return Array.from({ length: Math.min(count, left.length) }, () =>
    left.splice(Math.floor(random() * left.length), 1),
  ).flat();
};

/** A frozen publisher that loses its database session as well is the window that no client can close. */
const keepsSession = ({ way, then }: Place): boolean => way !== 'database' || then === 'forward';

/** Longer than the lease of a call and the heartbeat's timeout (10 s each). */
const pastLease = (random: Random): number => between(random, 11_000, 16_000);
/** Longer than the deadline of a POST (10 s) and the platform's visibility deadline (15 s) together. */
const pastVisibility = (random: Random): number => between(random, 26_000, 30_000);

const killsAt = (places: readonly Place[]): Strike[] =>
  places.map((place) => ({ kind: 'kill at', place }));

const fullSet = (random: Random): Strike[] => [
  // Five kills in the midst of the cells: two anywhere, three at exact moments.
  ...times(2, () => ({ kind: 'kill worker' })),
  ...killsAt(draw(random, callPlaces, 2)),
  ...killsAt(draw(random, publishingPlaces, 1)),
  { kind: 'freeze worker', forMs: pastLease(random) },
  ...draw(random, callPlaces, 1).map((place): Strike => ({
    kind: 'freeze at',
    place,
    forMs: pastLease(random),
  })),
  ...draw(random, publishingPlaces.filter(keepsSession), 1).map((place): Strike => ({
    kind: 'freeze at',
    place,
    forMs: pastVisibility(random),
  })),
  ...times(2, () => ({ kind: 'deploy' })),
  { kind: 'stop Temporal', forMs: between(random, 1_000, 8_000) },
  { kind: 'kill Postgres', forMs: between(random, 500, 6_000) },
  { kind: 'platform down', forMs: 30_000 },
  ...times(2, () => ({ kind: 'platform 429s', requests: between(random, 3, 10) })),
  ...times(2, () => ({ kind: 'model 429s', forMs: between(random, 1_000, 4_000) })),
];

const shortSet = (random: Random): Strike[] => [
  { kind: 'kill worker' },
  ...killsAt(draw(random, callPlaces, 1)),
  ...draw(random, publishingPlaces.filter(keepsSession), 1).map((place): Strike => ({
    kind: 'freeze at',
    place,
    forMs: between(random, 11_000, 12_000),
  })),
  { kind: 'deploy' },
  { kind: 'stop Temporal', forMs: 1_000 },
  { kind: 'kill Postgres', forMs: 500 },
  { kind: 'platform down', forMs: 3_000 },
  { kind: 'platform 429s', requests: 3 },
  { kind: 'model 429s', forMs: 1_000 },
];

/** Strikes in a row that come at one moment, so that two things fail at once. */
const pairs = 6;

const moments = (random: Random, count: number): readonly number[] => {
  const drawn = Array.from({ length: count }, () => 0.02 + random() * 0.9).sort((a, b) => a - b);
  for (let pair = 0; pair < pairs; pair += 1) {
    const index = 1 + Math.floor(random() * (count - 1));
    drawn[index] = drawn[index - 1] ?? 0;
  }
  return drawn.map((at) => Math.round(at * 1_000) / 1_000);
};

const shuffled = (random: Random, strikes: readonly Strike[]): readonly Strike[] =>
  strikes
    .map((strike) => ({ strike, key: random() }))
    .sort((one, other) => one.key - other.key)
    .map(({ strike }) => strike);

/**
 * Draws a schedule: the same one for the same seed. Moments are shares of the run and no times, so that every strike
 * hits a run that is under way, however slow the machine; what a strike meets there is chance. Ambushes at the steps that a
 * run takes once (plan, read-back, finish) lie from the beginning.
 */
export const drawSchedule = (seed: number, short: boolean): readonly Scheduled[] => {
  const random = createRandom(seed);
  // A step that loses its worker is begun again after a heartbeat's timeout of 30 s: too long for a short check.
  const steps = killsAt(draw(random, stepPlaces, short ? 0 : 2));
  const strikes = shuffled(random, short ? shortSet(random) : fullSet(random));
  const at = moments(random, strikes.length);
  return [
    ...steps.map((strike) => ({ at: 0, strike })),
    ...strikes.map((strike, index) => ({ at: at[index] ?? 0, strike })),
  ].sort((one, other) => one.at - other.at);
};
