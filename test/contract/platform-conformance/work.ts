import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import type { RunScoresRecord } from '../../../src/contracts/publication.js';
import type { CellResult, DatasetItem } from '../../../src/contracts/records.js';
import type {
  EncodeContext,
  OutboundExport,
  OutboxRecord,
  Platform,
  RunContext,
  SendOutcome,
} from '../../../src/platforms/port.js';
import { cell, judgeCall, targetCall } from '../../unit/platforms/langfuse/cell-fixture.js';
import type { Traits } from './server.js';

/** A deadline that a loaded machine and a server far away meet. */
export const soon = (): AbortSignal => AbortSignal.timeout(60_000);

export const unique = (prefix: string): string => `${prefix}-${randomBytes(5).toString('hex')}`;

export const itemOf = (index: number): DatasetItem => ({
  id: `ticket-${index}`,
  input: { text: `My invoice ${index} is wrong`, nested: { list: [1, 'two', null], yes: true } },
  expected: { category: 'billing' },
  metadata: { topic: 'billing', index },
});

/** A run of its own over items of a dataset of its own, made ready on the platform. */
export interface PreparedRun {
  readonly context: EncodeContext;
  readonly items: readonly DatasetItem[];
  readonly from: string;
  cellOf(index: number, change?: Partial<CellResult>): CellResult;
}

export async function prepareRun(
  platform: Platform,
  { items: count, repetitions = 1 }: { readonly items: number; readonly repetitions?: number },
): Promise<PreparedRun> {
  const items = Array.from({ length: count }, (_, index) => itemOf(index));
  const dataset = unique('conformance');
  const { id: datasetId } = await platform.ensureDataset({ name: dataset }, soon());
  await platform.ensureItems({ dataset, items, signal: soon(), onProgress: () => undefined });
  const own = contextOf(unique('run'));
  const run = await platform.prepareRun({
    context: own,
    datasetId,
    datasetName: dataset,
    repetitions,
    signal: soon(),
  });
  // Servers may refuse what is far from now; all times of a run are told once.
  const begun = Date.now() - 60_000;
  const at = (offsetMs: number): string => new Date(begun + offsetMs).toISOString();
  return {
    context: { ...own, run },
    items,
    from: at(-600_000),
    cellOf: (index, change = {}) => ({
      ...cell,
      cellId: `cell-${index}`,
      itemId: itemOf(index).id,
      calls: [
        { ...targetCall, startedAt: at(100), endedAt: at(900), firstTokenAt: at(300) },
        { ...judgeCall, startedAt: at(1_000), endedAt: at(1_400) },
      ],
      startedAt: at(0),
      endedAt: at(1_500),
      ...change,
    }),
  };
}

/** Scores of the runs as a whole, of each repetition. */
export const runScoresOf = (
  platform: Platform,
  run: PreparedRun,
  names: readonly string[],
): readonly RunScoresRecord[] =>
  platform.encodeRunScores({
    scores: run.context.run.runs.flatMap((_, index) =>
      names.map((name) => ({
        repetition: index + 1,
        name,
        evaluator: name,
        // A verdict is a word, a mean a number.
        value: name === 'verdict' ? 'pass' : 0.75,
        comment: { passed_items: [], failed_items: [], reasoning: '1 of 1', suggestions: [] },
      })),
    ),
    run: run.context,
    timestamp: new Date().toISOString(),
  });

/** As the engine keeps them beside those of cells. */
export const outgoing = (records: readonly RunScoresRecord[]): readonly OutboxRecord[] =>
  records.map(({ body, ids }) => ({ kind: 'scores', body, ids, traceId: '' }));

export const contextOf = (experiment: string): RunContext => {
  const runUid = randomBytes(16).toString('hex');
  return {
    project: 'conformance',
    experiment,
    runUid,
    target: 'triage',
    description: 'Made by the conformance suite of Assay',
    metadata: { 'assay.run_uid': runUid, commit: 'abc123' },
  };
};

/** What all cells of a run are sent as. */
export const recordsOf = (platform: Platform, run: PreparedRun): readonly OutboxRecord[] =>
  run.items.flatMap((item, index) => platform.encodeCell(run.cellOf(index), item, run.context));

export const ofKind = (
  records: readonly OutboxRecord[],
  kind: OutboxRecord['kind'],
): readonly OutboxRecord[] => records.filter((record) => record.kind === kind);

export function exportOf(records: readonly OutboxRecord[]): OutboundExport {
  return {
    exportId: unique('export'),
    kind: records[0]?.kind ?? 'spans',
    records: records.map((record, index) => ({ ...record, rowId: String(index + 1) })),
  };
}

/** Records as the publisher groups them: within the platform's limits, one kind at a time, spans first. */
export function exportsOf(
  platform: Platform,
  records: readonly OutboxRecord[],
): readonly OutboundExport[] {
  return (['spans', 'scores'] as const).flatMap((kind) => {
    const { maxRecords, maxBytes, maxIds = Number.POSITIVE_INFINITY } = platform.limits[kind];
    const groups: OutboxRecord[][] = [];
    let room = { records: 0, bytes: 0, ids: 0 };
    for (const record of ofKind(records, kind)) {
      const bytes = Buffer.byteLength(record.body);
      const fits = room.records >= 1 && room.bytes >= bytes && room.ids >= record.ids.length;
      if (!fits) {
        groups.push([]);
        room = { records: maxRecords, bytes: maxBytes, ids: maxIds };
      }
      groups.at(-1)?.push(record);
      room = {
        records: room.records - 1,
        bytes: room.bytes - bytes,
        ids: room.ids - record.ids.length,
      };
    }
    return groups.map(exportOf);
  });
}

/** Sends all of it. @returns what became of each export. */
export async function sendAll(
  platform: Platform,
  records: readonly OutboxRecord[],
): Promise<readonly SendOutcome[]> {
  const outcomes: SendOutcome[] = [];
  for (const batch of exportsOf(platform, records))
    outcomes.push(await platform.send(batch, soon()));
  return outcomes;
}

/** Sends all of it, each export of which must be taken as a whole. */
export async function deliver(platform: Platform, records: readonly OutboxRecord[]): Promise<void> {
  for (const outcome of await sendAll(platform, records)) {
    if (outcome.outcome !== 'accepted' || outcome.refused.length > 0)
      throw new Error(`not all was taken: ${JSON.stringify(outcome)}`);
  }
}

const idsIn = (records: readonly OutboxRecord[]): readonly string[] =>
  records.flatMap(({ ids }) => ids);

/** `trace/span` of all that must be there, sorted. */
export const expectedSpans = (records: readonly OutboxRecord[]): readonly string[] =>
  ofKind(records, 'spans')
    .flatMap(({ traceId, ids }) => ids.map((id) => `${traceId}/${id}`))
    .sort();

export const expectedScores = (records: readonly OutboxRecord[]): readonly string[] =>
  [...new Set(idsIn(ofKind(records, 'scores')))].sort();

/** `trace/span` of every row that the platform shows of a run, duplicates included, sorted. */
export async function shownSpans(platform: Platform, run: PreparedRun): Promise<readonly string[]> {
  const rows: string[] = [];
  for await (const { spans = [] } of platform.readBack({
    run: run.context.run,
    runUid: run.context.runUid,
    from: run.from,
    kind: 'spans',
    signal: soon(),
  })) {
    rows.push(...spans.map(({ traceId, spanId }) => `${traceId}/${spanId}`));
  }
  return rows.sort();
}

/** The ids of the scores that the platform shows of these records, sorted. */
export async function shownScores(
  platform: Platform,
  run: PreparedRun,
  records: readonly OutboxRecord[],
): Promise<readonly string[]> {
  const wanted = ofKind(records, 'scores');
  return scoresWhere(platform, run, {
    traceIds: [...new Set(wanted.map(({ traceId }) => traceId))],
    scoreIds: [...new Set(idsIn(wanted))],
  });
}

export async function scoresWhere(
  platform: Platform,
  run: PreparedRun,
  which: {
    readonly traceIds?: readonly string[];
    readonly runIds?: readonly string[];
    readonly scoreIds: readonly string[];
  },
): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { scoreIds = [] } of platform.readBack({
    run: run.context.run,
    runUid: run.context.runUid,
    from: run.from,
    kind: 'scores',
    ...which,
    signal: soon(),
  })) {
    ids.push(...scoreIds);
  }
  return ids.sort();
}

/**
 * Looks until so many are shown, and once more when any other would be seen as well: what stands there twice may be seen once at
 * first. @returns what was seen last.
 */
export async function settled<T>(
  look: () => Promise<readonly T[]>,
  count: number,
  { visibleWithinMs, settlesWithinMs }: Traits,
): Promise<readonly T[]> {
  await eventually(look, ({ length }) => length >= count, visibleWithinMs);
  await wait(settlesWithinMs);
  return look();
}

/** Looks until it is so, or the platform has had its time. @returns what was seen last. */
export async function eventually<T>(
  look: () => Promise<T>,
  isSo: (seen: T) => boolean,
  withinMs: number,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (isSo(seen) || performance.now() > deadline) return seen;
    // A server far away is not asked twenty times a second.
    await wait(Math.max(20, withinMs / 100));
  }
}
