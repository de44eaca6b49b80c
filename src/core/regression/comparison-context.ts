import type { Alignment } from './align.js';
import type { RunScores } from './run-scores.js';
import type { ComparisonSettings } from './settings.js';
import type { SliceFieldSummary } from './types.js';

/** What every evaluator of a comparison shares. */
export interface ComparisonContext {
  readonly base: RunScores;
  readonly head: RunScores;
  readonly alignment: Alignment;
  readonly settings: ComparisonSettings;
  readonly slices: readonly SlicePlan[];
}

/** The values of one field over the common items. */
export interface SlicePlan {
  readonly summary: SliceFieldSummary;
  /** Compared values, those with the most items first. */
  readonly values: readonly string[];
  /** Per place of the alignment: the index in `values`, or −1. */
  readonly of: Int32Array;
}
