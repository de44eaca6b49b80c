import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { PushedDataset, PushRecord } from '../../src/client/datasets.js';
import type { PlatformName } from '../../src/contracts/backend.js';
import { brokenAbsences, createAbsences, type Absence, type Absences } from './absence.js';
import { project, type Installation } from './installation.js';
import type { ChaosOptions } from './options.js';
import { drawPushSchedule } from './schedule.js';
import { createCue, letGo, onStage, type Stage } from './stage.js';

/** What a platform holds of a pushed dataset, counted from outside. */
export interface PushCounted {
  readonly platform: PlatformName;
  /** Items of the files that are not there with their content. */
  readonly lost: number;
  readonly duplicates: number;
  readonly strangers: number;
  /** Writes beyond one for each item: each makes a version. */
  readonly writtenAgain: number;
  /** A page for each process that was killed or stood still. */
  readonly bound: number;
  /** Writes of a second push of the same files, with nothing to do. */
  readonly secondPushWrites: number;
}

/** One seed's line. */
export interface PushResult {
  readonly seed: number;
  readonly items: number;
  readonly seconds: number;
  readonly platforms: readonly PushCounted[];
  readonly absences: readonly Absence[];
  readonly broken: readonly string[];
}

const dataset = 'items';
/** Items of a page, which a resumed push may write twice (docs/guides/datasets-in-git.md). */
const pageItems = 100;

/** The items of the files as a platform shows them. */
const filed = async (on: Installation): Promise<readonly string[]> => {
  const text = await readFile(join(on.folder, 'datasets', dataset, 'test_cases.json'), 'utf8');
  const cases = JSON.parse(text) as readonly { readonly id: string; readonly inputs: unknown }[];
  return cases.map(({ id, inputs }) => `${id} ${JSON.stringify(inputs)}`);
};

const platformsOf = ({ backend }: ChaosOptions): readonly PlatformName[] =>
  backend === 'both' ? ['langfuse', 'langsmith'] : ['langfuse'];

const rowsOn = async (
  on: Installation,
  platform: PlatformName,
): Promise<ReadonlyMap<string, number>> =>
  platform === 'langfuse'
    ? on.platform.itemRows(dataset)
    : (on.langsmith?.log.itemRows(dataset) ?? new Map<string, number>());

const writesOn = async (on: Installation, platform: PlatformName): Promise<number> =>
  platform === 'langfuse' ? on.platform.itemWrites() : (on.langsmith?.log.itemWrites(dataset) ?? 0);

const push = (
  { on, options }: Stage,
  onProgress?: (platforms: readonly PushRecord[]) => void,
): Promise<PushedDataset> =>
  on.client.datasets.push(
    { project, dataset, backend: options.backend },
    {
      signal: AbortSignal.timeout(options.deadlineMs),
      ...(onProgress === undefined ? {} : { onProgress }),
    },
  );

const problemsOf = (
  { platform, lost, duplicates, strangers, writtenAgain, bound, secondPushWrites }: PushCounted,
  pushed: PushedDataset,
): readonly string[] => {
  const end = pushed.platforms.find((each) => each.platform === platform);
  const said = {
    lost: [lost, 0, 'items are not there'],
    duplicates: [duplicates, 0, 'items stand twice'],
    strangers: [strangers, 0, "items are nobody's"],
    writtenAgain: [writtenAgain, bound, `items were written again, at most ${bound} may be`],
    secondPushWrites: [secondPushWrites, 0, 'items were written by a push with nothing to do'],
  } as const;
  return [
    ...(end?.phase === 'done' ? [] : [`${platform}: the push ended as ${JSON.stringify(end)}`]),
    ...Object.values(said).flatMap(([value, most, text]) =>
      value > most ? [`${platform}: ${value} ${text}`] : [],
    ),
  ];
};

const strikeAndCount = async (stage: Stage): Promise<PushResult> => {
  const { seed, on, options, striker, signals, absences } = stage;
  const schedule = drawPushSchedule(seed, options);
  await writeFile(join(on.folder, 'schedule.json'), JSON.stringify(schedule, undefined, 1));
  const cue = createCue(schedule, striker);
  const platforms = platformsOf(options);
  const started = performance.now();
  const pushed = await push(stage, (records) => {
    const done = records.reduce((sum, { cursor }) => sum + cursor, 0);
    on.diary.progress(records.map(({ cursor }) => cursor).join('+'));
    cue.at(done / (options.cells * platforms.length));
  });
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  on.diary.note('the push has ended');
  await striker.over();
  await on.endFaults();
  const before = await Promise.all(platforms.map((platform) => writesOn(on, platform)));
  await push(stage);
  const after = await Promise.all(platforms.map((platform) => writesOn(on, platform)));
  await letGo(stage);
  const expected = await filed(on);
  const known = new Set(expected);
  const counted = await Promise.all(
    platforms.map(async (platform, index): Promise<PushCounted> => {
      const rows = await rowsOn(on, platform);
      const active = [...rows.values()].reduce((sum, each) => sum + each, 0);
      const writes = before[index] ?? 0;
      return {
        platform,
        lost: expected.filter((item) => !rows.has(item)).length,
        duplicates: active - rows.size,
        strangers: [...rows.keys()].filter((item) => !known.has(item)).length,
        writtenAgain: writes - rows.size,
        bound: pageItems * signals.sent,
        secondPushWrites: (after[index] ?? 0) - writes,
      };
    }),
  );
  return {
    seed,
    items: expected.length,
    seconds,
    platforms: counted,
    absences: absences.all,
    broken: [
      ...counted.flatMap((each) => problemsOf(each, pushed)),
      ...brokenAbsences(absences.all),
    ],
  };
};

/** A platform that is away keeps nothing from the other: all of the files are due there. */
const absencesOf = (on: Installation): Absences =>
  createAbsences(on, {
    due: () => filed(on),
    shown: async (platform) => new Set((await rowsOn(on, platform)).keys()),
  });

/** One push on an installation of its own. */
export const pushSeed = (seed: number, options: ChaosOptions): Promise<PushResult> =>
  onStage({ seed, options }, absencesOf, strikeAndCount);
