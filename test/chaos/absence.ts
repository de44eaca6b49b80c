import { setTimeout as wait } from 'node:timers/promises';

import type { PlatformName } from '../../src/contracts/backend.js';
import type { Installation } from './installation.js';

/** One platform was away, and the other got all that was due all the same. */
export interface Absence {
  readonly away: PlatformName;
  /** What had ended some seconds after it went. */
  readonly due: number;
  /** Until the other showed all of that; undefined where it did not while one waited. */
  readonly shownAfterSeconds: number | undefined;
}

export interface Absences {
  begin(platform: PlatformName): Promise<void>;
  readonly all: readonly Absence[];
}

/** Longer than any other strike lasts: what the other platform lacks then, the absence keeps from it. */
const patienceMs = 300_000;
const lookEveryMs = 1_500;
/** So that some of what is due has ended while it was away. */
const settledMs = 4_000;

/**
 * Takes platforms away, one at a time, each until the other shows all that was due by then: an outage of one must not keep
 * from the other what is finished. Without this only the end would be seen, when both serve again.
 */
export const createAbsences = (
  on: Installation,
  side: {
    /** What has ended by now, by its name on a platform. */
    readonly due: (platform: PlatformName) => Promise<readonly string[]>;
    readonly shown: (platform: PlatformName) => Promise<ReadonlySet<string>>;
  },
): Absences => {
  const all: Absence[] = [];
  let turn: Promise<void> = Promise.resolve();
  const insist = async <Result>(ask: () => Promise<Result>): Promise<Result> => {
    for (;;) {
      // Postgres and the platform have their own troubles meanwhile.
      const found = await ask().catch(() => undefined);
      if (found !== undefined) return found;
      await wait(500);
    }
  };
  const hold = async (away: PlatformName): Promise<void> => {
    const other = away === 'langfuse' ? 'langsmith' : 'langfuse';
    const back = on.faults[away].goDown();
    const began = performance.now();
    await wait(settledMs);
    const due = await insist(() => side.due(other));
    on.diary.note(`${away} is away until ${other} has all ${due.length} that are due`);
    let missing = due;
    while (missing.length > 0 && performance.now() - began < patienceMs) {
      await wait(lookEveryMs);
      const shown = await side.shown(other).catch(() => undefined);
      if (shown !== undefined) missing = missing.filter((name) => !shown.has(name));
    }
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    back();
    const isWhole = missing.length === 0;
    all.push({ away, due: due.length, shownAfterSeconds: isWhole ? seconds : undefined });
    on.diary.note(`${away} is back after ${seconds} s; ${other} lacks ${missing.length}`);
  };
  return {
    all,
    begin: (platform) => {
      turn = turn.then(() => hold(platform));
      return turn;
    },
  };
};

/** Which of them broke the promise, in words. */
export const brokenAbsences = (absences: readonly Absence[]): readonly string[] =>
  absences
    .filter(({ shownAfterSeconds }) => shownAfterSeconds === undefined)
    .map(
      ({ away, due }) => `while ${away} was away the other did not get all ${due} that were due`,
    );
