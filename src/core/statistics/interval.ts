/** An interval estimate; both ends belong to it. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Such as 0.95. */
  readonly confidence: number;
}

/** The confidence used where none is asked for. */
export const defaultConfidence = 0.95;
