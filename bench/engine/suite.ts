import { ceiling } from './ceiling.js';
import { efficiency } from './efficiency.js';
import type { Measurement } from './measurement.js';

/** All measurements of `engine`, in the order in which they are run. */
export const engineMeasurements: readonly Measurement[] = [efficiency, ceiling];
