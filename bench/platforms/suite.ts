import type { Measurement } from '../engine/measurement.js';
import { push } from './push.js';

/** All measurements of `platforms`, in the order in which they are run. */
export const platformMeasurements: readonly Measurement[] = [push];
