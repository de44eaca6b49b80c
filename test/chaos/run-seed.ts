import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { writeFile } from 'node:fs/promises';

import type { ExperimentView } from '../../src/client/experiment-view.js';
import { isFinalStatus } from '../../src/core/experiment/naming.js';
import { brokenAbsences, createAbsences, type Absence, type Absences } from './absence.js';
import { countRun, itemsOf, rootOn, type Counted } from './count.js';
import { project, type Installation } from './installation.js';
import type { ChaosOptions } from './options.js';
import { drawSchedule, type Scheduled } from './schedule.js';
import { createCue, letGo, onStage, type Stage } from './stage.js';

/** One seed's line. */
export interface SeedResult extends Counted {
  readonly seed: number;
  readonly inFlightBound: number;
  /** From the submission to the run's end. */
  readonly seconds: number;
  readonly status: string;
  /** The times at which one of two platforms was away. */
  readonly absences: readonly Absence[];
  /** Which promises broke, in words; empty where all held. */
  readonly broken: readonly string[];
}

const name = 'under-chaos';
const lookEveryMs = 250;
/** The run as its rows show it; undefined while Postgres is away. */
const look = (on: Installation): Promise<ExperimentView | undefined> =>
  on.client.experiments.get({ project, name }).catch(() => undefined);

/** Strikes by the schedule until the run has ended; nobody helps the run meanwhile. */
const follow = async (
  { on, striker, options }: Stage,
  schedule: readonly Scheduled[],
): Promise<ExperimentView | undefined> => {
  const cue = createCue(schedule, striker);
  const deadline = performance.now() + options.deadlineMs;
  let view: ExperimentView | undefined;
  let status = '';
  while (performance.now() < deadline) {
    view = (await look(on)) ?? view;
    if (view !== undefined) {
      if (view.status !== status) on.diary.note(`the run is ${view.status}`);
      ({ status } = view);
      const ended = view.counts.planned - view.counts.pending;
      on.diary.progress(`${ended}/${view.counts.planned}`);
      if (isFinalStatus(view.status)) return view;
      cue.at(ended / options.cells);
    }
    await wait(lookEveryMs);
  }
  on.diary.note(`the run has not ended: ${JSON.stringify(view)}`);
  return undefined;
};

const judge = (result: Omit<SeedResult, 'broken'>, cells: number): string[] => {
  const { planned, ok, errors, repeatedPaidCalls, inFlightBound } = result;
  const broken: string[] = [];
  if (planned !== cells) broken.push(`${planned} of ${cells} cells were planned`);
  if (ok + errors !== planned) broken.push(`${result.pending} cells have no end`);
  if (result.lost > 0) broken.push(`${result.lost} records are lost`);
  if (result.duplicateTraces > 0) broken.push(`${result.duplicateTraces} spans stand twice`);
  if (result.duplicateScores > 0) broken.push(`${result.duplicateScores} scores stand twice`);
  if (result.strangers > 0) broken.push(`${result.strangers} records are nobody's`);
  if (repeatedPaidCalls > inFlightBound)
    broken.push(`${repeatedPaidCalls} paid calls were repeated, ${inFlightBound} were in flight`);
  // Every fault passes, so nothing excuses another end than the one with everything read back.
  if (result.status !== 'completed') broken.push(`the run ended as ${result.status}`);
  return [...broken, ...brokenAbsences(result.absences)];
};

const nothing: Counted = {
  planned: 0,
  ok: 0,
  errors: 0,
  lost: 0,
  duplicateTraces: 0,
  duplicateScores: 0,
  strangers: 0,
  ambiguousResends: 0,
  rewritten: 0,
  repeatedPaidCalls: 0,
  pending: 0,
  platforms: [],
};

/** What has ended of the run, and what a platform shows of it. */
const absencesOf = (on: Installation, { cells }: ChaosOptions): Absences => {
  const runUidOf = async (): Promise<string> =>
    (await on.client.experiments.get({ project, name })).runUid;
  return createAbsences(on, {
    due: async (platform) => {
      const runUid = await runUidOf();
      const ended: string[] = [];
      for await (const { itemId } of on.client.experiments.results({ project, name }))
        ended.push(rootOn(platform, runUid, itemId));
      return ended;
    },
    shown: async (platform) => {
      const runUid = await runUidOf();
      const rows =
        platform === 'langfuse'
          ? await on.platform.spanRows(runUid)
          : on.langsmith?.log.recordsOf({ runUid, items: itemsOf(cells) }).spans;
      return new Set(rows?.keys());
    },
  });
};

const strikeAndCount = async (stage: Stage): Promise<SeedResult> => {
  const { seed, on, signals, striker, absences, options } = stage;
  const schedule = drawSchedule(seed, options);
  await writeFile(join(on.folder, 'schedule.json'), JSON.stringify(schedule, undefined, 1));
  const started = performance.now();
  // What lies in wait for the plan must be there before it.
  for (const { at, strike } of schedule) if (at === 0) striker.begin(strike);
  await on.client.experiments.start({
    project,
    name,
    dataset: { name: 'items' },
    target: 'triage',
    concurrency: options.concurrency,
  });
  const view = await follow(
    stage,
    schedule.filter(({ at }) => at > 0),
  );
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  await letGo(stage);
  const { inFlightBound } = signals;
  if (view === undefined) {
    const broken = [`the run did not end by itself within ${options.deadlineMs / 1_000} s`];
    return { ...nothing, seed, inFlightBound, seconds, status: 'running', absences: [], broken };
  }
  const counted = await countRun(on, view, options.cells);
  const result = {
    seed,
    ...counted,
    inFlightBound,
    seconds,
    status: view.status,
    absences: absences.all,
  };
  return { ...result, broken: judge(result, options.cells) };
};

/** One run on an installation of its own. */
export const runSeed = (seed: number, options: ChaosOptions): Promise<SeedResult> =>
  onStage({ seed, options }, absencesOf, strikeAndCount);
