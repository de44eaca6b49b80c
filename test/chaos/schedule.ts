import { createRandom, type Random } from '../../src/devstack/model/random.js';
import type { Place } from './ambush.js';
import { callPlaces, publishingPlaces, stepPlaces } from './places.js';
import type { ChaosOptions } from './options.js';
import {
  langsmithPublishingPlaces,
  langsmithStepPlaces,
  legacyStepPlaces,
  linkPlaces,
  pushPlaces,
} from './platform-places.js';
import type { RelayShares } from './relay-faults.js';

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
  | { readonly kind: 'model 429s'; readonly forMs: number }
  | { readonly kind: 'LangSmith down'; readonly forMs: number }
  | { readonly kind: 'LangSmith refuses'; readonly status: 429 | 503; readonly requests: number }
  /** Until the other one has all that had ended when it went. */
  | { readonly kind: 'away'; readonly platform: 'langfuse' | 'langsmith' };

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

/** The same of LangSmith, which stands behind a relay that makes them. */
export const langsmithBackground: RelayShares = {
  answerLost: 0.05,
  serverError: 0.03,
  busy: 0.02,
  slow: 0.2,
};

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

/** Where a schedule may lie in wait. */
interface Places {
  readonly steps: readonly Place[];
  readonly publishing: readonly Place[];
}

type Platforms = Pick<ChaosOptions, 'backend' | 'langfuse'>;

const placesOf = ({ backend, langfuse }: Platforms): Places => {
  const onV3 = langfuse === 'legacy';
  const both = backend === 'both';
  return {
    steps: [...(onV3 ? legacyStepPlaces : stepPlaces), ...(both ? langsmithStepPlaces : [])],
    publishing: [
      ...publishingPlaces,
      ...(onV3 ? linkPlaces : []),
      ...(both ? langsmithPublishingPlaces : []),
    ],
  };
};

const langsmithSet = (random: Random, short: boolean): Strike[] => [
  { kind: 'LangSmith down', forMs: short ? 3_000 : between(random, 10_000, 30_000) },
  { kind: 'LangSmith refuses', status: 429, requests: between(random, 3, 10) },
  { kind: 'LangSmith refuses', status: 503, requests: between(random, 3, 10) },
];

const fullSet = (random: Random, publishingPlaces: readonly Place[]): Strike[] => [
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

const shortSet = (random: Random, publishingPlaces: readonly Place[]): Strike[] => [
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

const scheduled = (random: Random, strikes: readonly Strike[]): readonly Scheduled[] => {
  const at = moments(random, strikes.length);
  return strikes.map((strike, index) => ({ at: at[index] ?? 0, strike }));
};

/** Each platform is away once, while the other has its own troubles. */
const absences = (random: Random, { backend, short }: ScheduleOptions): readonly Scheduled[] => {
  if (backend !== 'both') return [];
  const platforms: ('langfuse' | 'langsmith')[] = ['langfuse', 'langsmith'];
  const first = Math.floor(random() * 2);
  return (short ? platforms.slice(first, first + 1) : platforms).map((platform) => ({
    at: Math.round((0.3 + random() * 0.5) * 1_000) / 1_000,
    strike: { kind: 'away', platform },
  }));
};

export type ScheduleOptions = Platforms & Pick<ChaosOptions, 'short'>;

const inOrder = (all: readonly Scheduled[]): readonly Scheduled[] =>
  [...all].sort((one, other) => one.at - other.at);

/**
 * Draws a schedule: the same one for the same seed. Moments are shares of the run and no times, so that every strike
 * hits a run that is under way, however slow the machine; what a strike meets there is chance. Ambushes at the steps that a
 * run takes once (plan, read-back, finish) lie from the beginning.
 */
export const drawSchedule = (seed: number, options: ScheduleOptions): readonly Scheduled[] => {
  const { short, backend } = options;
  const random = createRandom(seed);
  const places = placesOf(options);
  // A step that loses its worker is begun again after a heartbeat's timeout of 30 s: too long for a short check.
  const steps = killsAt(draw(random, places.steps, short ? 0 : 2));
  const set = (short ? shortSet : fullSet)(random, places.publishing);
  const both = backend === 'both' ? langsmithSet(random, short) : [];
  return inOrder([
    ...steps.map((strike) => ({ at: 0, strike })),
    ...scheduled(random, shuffled(random, [...set, ...both])),
    ...absences(random, options),
  ]);
};

/** Draws what befalls the push of a dataset; moments are shares of its items. */
export const drawPushSchedule = (seed: number, options: ScheduleOptions): readonly Scheduled[] => {
  const { short, backend } = options;
  const random = createRandom(seed);
  const places = [...pushPlaces.langfuse, ...(backend === 'both' ? pushPlaces.langsmith : [])];
  const strikes: Strike[] = [
    ...times(short ? 1 : 2, () => ({ kind: 'kill worker' })),
    ...killsAt(draw(random, places, short ? 1 : 3)),
    { kind: 'freeze worker', forMs: pastLease(random) },
    { kind: 'deploy' },
    { kind: 'stop Temporal', forMs: between(random, 1_000, short ? 1_500 : 8_000) },
    { kind: 'kill Postgres', forMs: between(random, 500, short ? 1_000 : 6_000) },
    { kind: 'platform down', forMs: between(random, 3_000, short ? 4_000 : 15_000) },
    { kind: 'platform 429s', requests: between(random, 3, 10) },
    ...(backend === 'both' ? langsmithSet(random, short) : []),
  ];
  return inOrder([...scheduled(random, shuffled(random, strikes)), ...absences(random, options)]);
};
