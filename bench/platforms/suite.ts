import type { Measurement } from '../engine/measurement.js';
import { promptCacheHitMicros } from './prompt-cache.js';
import { pushRateLimited } from './push-rate-limited.js';
import { push } from './push.js';

const promptCache: Measurement = {
  figures: { promptCacheHitMicros: { unit: 'µs', goal: { atMost: 10 } } },
  minutes: 1,
  measure: async () => ({ promptCacheHitMicros: { value: await promptCacheHitMicros() } }),
};

/** All measurements of `platforms`, in the order in which they are run. */
export const platformMeasurements: readonly Measurement[] = [push, pushRateLimited, promptCache];
