import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { PlatformName } from '../../src/contracts/backend.js';
import type { Absences } from './absence.js';
import { startFleet, type Fleet } from './fleet.js';
import { startInstallation, type Installation } from './installation.js';
import { Interrupted, untilInterrupted } from './interrupt.js';
import type { ChaosOptions } from './options.js';
import type { Scheduled } from './schedule.js';
import { createSignals, type Signals } from './signals.js';
import { createStriker, type Striker } from './strikes.js';

/** An installation with its workers, and all that strikes it. */
export interface Stage {
  readonly seed: number;
  readonly on: Installation;
  readonly fleet: Fleet;
  readonly signals: Signals;
  readonly striker: Striker;
  readonly absences: Absences;
  readonly options: ChaosOptions;
}

/** Nothing moved for so long: the next strike comes all the same. */
const stallMs = 45_000;

/** Begins each strike of a schedule in its turn. */
export interface Cue {
  /** @param share how much of the work is done, from 0 to 1 */
  at(share: number): void;
}

export const createCue = (schedule: readonly Scheduled[], striker: Striker): Cue => {
  const left = [...schedule];
  let reached = 0;
  let movedAt = performance.now();
  return {
    at(share) {
      if (share > reached) movedAt = performance.now();
      reached = share;
      while (
        left[0] !== undefined &&
        (left[0].at <= share || performance.now() - movedAt > stallMs)
      ) {
        movedAt = performance.now();
        striker.begin(left[0].strike);
        left.shift();
      }
    },
  };
};

/** Waits until all that was frozen or stopped goes on: a zombie that writes after the end must be counted. */
export const letGo = async ({ on, fleet, striker }: Stage): Promise<void> => {
  await striker.over();
  await wait(2_000);
  await fleet.stop();
  for (const name of on.ambushes.waiting()) on.diary.note(`nobody came by ${name}`);
};

/** Plays on an installation of its own. */
export const onStage = async <Result extends { readonly broken: readonly string[] }>(
  { seed, options }: Pick<Stage, 'seed' | 'options'>,
  absencesOf: (on: Installation, options: ChaosOptions) => Absences,
  play: (stage: Stage) => Promise<Result>,
): Promise<Result> => {
  const on = await startInstallation({
    seed,
    ...options,
    historyEvents: options.short ? 60 : 150,
  });
  let keep = options.keep;
  let fleet: Fleet | undefined;
  try {
    fleet = await startFleet({
      folder: on.folder,
      count: options.workers,
      environment: on.environment,
      entry: resolve('dist/workers/main.js'),
      onLog: (line) => on.diary.worker(line),
      onCrash: (text) => on.diary.note(text),
    });
    const signals = createSignals(on);
    const absences = absencesOf(on, options);
    const away = (platform: PlatformName): Promise<void> => absences.begin(platform);
    const striker = createStriker({ on, fleet, signals, seed, away });
    const stage = { seed, on, fleet, signals, striker, absences, options };
    const result = await untilInterrupted(play(stage));
    for (const text of result.broken) on.diary.note(`BROKEN: ${text}`);
    return result;
  } catch (error) {
    keep ||= !(error instanceof Interrupted);
    throw error;
  } finally {
    await fleet?.stop();
    await on.stop({ keep });
    if (keep) process.stderr.write(`left for a look: ${on.folder}\n`);
  }
};
