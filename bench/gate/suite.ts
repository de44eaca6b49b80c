import type { Measurement } from '../engine/measurement.js';
import { compare200k } from './compare-200k.js';
import { falseEarlyStops } from './early-stop.js';
import { falseRegressions, falseRegressionsClustered, falseRegressionsHolm } from './null-runs.js';
import { powerAtMde } from './power.js';

/** All measurements of `gate`, in the order in which they are run. */
export const gateMeasurements: readonly Measurement[] = [
  falseRegressions,
  falseRegressionsClustered,
  falseRegressionsHolm,
  falseEarlyStops,
  powerAtMde,
  compare200k,
];
