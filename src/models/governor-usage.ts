import type { Report } from '../core/governor/exchange.js';
import type { GovernorClock } from './governor-clock.js';
import type { Line } from './governor-queue.js';

/** What one line uses of a key, in this process. */
export interface LineUsage {
  readonly line: Line;
  inUse: number;
  /** Since the last report. */
  started: number;
  /** Per second, smoothed over reports. */
  pace: number;
  seenAt: number;
}

/** What every line uses of a key, in this process. */
export interface LineUsages {
  of(line: Line): LineUsage;
  /** What each wants and holds. @param waitingOf how many of a line wait. */
  report(waitingOf: (line: Line) => number): Report['lines'];
}

/** Wants of who waits: more than any provider gives. */
const everything = 1e6;

/** A line that nobody used for so long is told no more. */
const forgetLineMs = 5_000;

export function createLineUsages(clock: GovernorClock): LineUsages {
  const usages = new Map<string, LineUsage>();
  let reportedAt = clock.now();
  return {
    of(line) {
      const key = `${line.priority} ${line.project}`;
      const known = usages.get(key);
      if (known !== undefined) return known;
      const made = { line, inUse: 0, started: 0, pace: 0, seenAt: clock.now() };
      usages.set(key, made);
      return made;
    },
    report(waitingOf) {
      const now = clock.now();
      const dt = now - reportedAt;
      // Too short a time says nothing of a pace.
      const measured = dt >= 200;
      if (measured) reportedAt = now;
      for (const [key, usage] of usages) {
        const waiting = waitingOf(usage.line);
        if (measured) {
          usage.pace = usage.pace / 2 + (usage.started * 500) / dt;
          usage.started = 0;
        }
        if (usage.inUse === 0 && waiting === 0 && now - usage.seenAt > forgetLineMs) {
          usages.delete(key);
        }
      }
      return [...usages.values()].map((usage) => {
        const waiting = waitingOf(usage.line);
        return {
          ...usage.line,
          wanted: waiting > 0 ? everything : 1 + usage.pace * 1.3,
          slotsWanted: usage.inUse + waiting,
          slotsInUse: usage.inUse,
        };
      });
    },
  };
}
