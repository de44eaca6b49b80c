/** An interval estimate; both ends belong to it. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Such as 0.95. */
  readonly confidence: number;
}

/** The confidence used where none is asked for. */
export const defaultConfidence = 0.95;

/** The smallest interval that holds both. */
export function hull(a: Interval, b: Interval): Interval {
  return {
    low: Math.min(a.low, b.low),
    high: Math.max(a.high, b.high),
    confidence: a.confidence,
  };
}
