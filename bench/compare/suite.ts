import type { Measurement } from '../engine/measurement.js';
import { comparison } from './compare.js';

/** All measurements of `peers`. */
export const peerMeasurements: readonly Measurement[] = [comparison];
