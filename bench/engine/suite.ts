import { ceiling } from './ceiling.js';
import { efficiency } from './efficiency.js';
import type { Measurement } from './measurement.js';
import { memory } from './memory.js';
import { rateLimited } from './rate-limited.js';
import { resume } from './resume.js';
import { tail } from './tail.js';
import { workers } from './workers.js';

/** All measurements of `engine`, in the order in which they are run. */
export const engineMeasurements: readonly Measurement[] = [
  efficiency,
  tail,
  ceiling,
  rateLimited,
  memory,
  resume,
  workers,
];
