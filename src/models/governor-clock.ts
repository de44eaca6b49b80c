/** Time as the governor sees it: replaced in simulations. */
export interface GovernorClock {
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** Calls back after so many milliseconds; the returned function takes it back. One in the `background` keeps no process alive. */
  readonly after: (ms: number, run: () => void, background?: 'background') => () => void;
}

/** What two clocks of one machine may differ by without one of them having jumped. */
const jumpMs = 1_000;
/** setTimeout takes no more. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * The clock of this process: monotonic, but it goes on by as much as the wall clock did where that went further. The monotonic
 * one stands still while a machine sleeps, and leases run on meanwhile; a wall clock that is set forward looks the same and
 * costs one early renewal. One that is set back changes nothing.
 */
export function createGovernorClock(
  monotonic: () => number = () => performance.now(),
  wall: () => number = () => Date.now(),
): GovernorClock {
  let skipped = 0;
  let apart = wall() - monotonic();
  return {
    now() {
      const mono = monotonic();
      const jumped = wall() - mono - apart;
      if (Math.abs(jumped) > jumpMs) {
        apart += jumped;
        skipped += Math.max(0, jumped);
      }
      return mono + skipped;
    },
    after(ms, run, background) {
      const timer = setTimeout(run, Math.min(ms, longestTimerMs));
      if (background !== undefined) timer.unref();
      return () => clearTimeout(timer);
    },
  };
}
