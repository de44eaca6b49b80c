/** A moment on both clocks of this machine. */
export interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

/** This moment. The monotonic clock can be given, for tests. */
export function momentNow(monotonicNow: () => number = () => performance.now()): Moment {
  return { monotonic: monotonicNow(), wall: Date.now() };
}

/**
 * Milliseconds between two moments on the clock that went further: the monotonic one stands still while a machine
 * sleeps, and the wall clock can be set back.
 */
export function elapsedMs(from: Moment, to: Moment): number {
  return Math.max(to.monotonic - from.monotonic, to.wall - from.wall);
}
