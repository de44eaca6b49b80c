import { AssayError } from '../../core/errors/assay-error.js';
import { nanosecondsOf } from '../../core/ids/nanoseconds.js';
import type { OutboxRecord } from '../../contracts/publication.js';
import { onlySpans } from '../../platforms/otlp-subset.js';
import type { ForeignTrace, TraceGroup } from '../../platforms/trace-port.js';
import { putCursor, readCursor } from '../../store/moves/cursors.js';
import { dropItems } from '../../store/moves/second-look.js';
import {
  findItems,
  pageOfItems,
  putFound,
  stepItems,
  type MovedRow,
  type NewRow,
} from '../../store/moves/items.js';
import { putOut, spansPutOut } from '../../store/moves/outbox.js';
import { withTransaction } from '../../store/store.js';
import { experimentsOf, type ExperimentPlace } from './experiment-place.js';
import { scoresOfPage } from './move-scores.js';
import type { Moving } from './moving.js';
import { linksOfGroup, runMark, type RunLinks } from './run-links.js';
import { spansKey, windowOf } from './trace-page.js';
import { traceSides, type MovedGroup } from './trace-sides.js';

/**
 * Puts the traces of all groups out, with their scores, page by page: rows, bytes and cursor in one transaction, so that a page
 * that is begun again puts nothing out twice. @returns whether all are.
 */
export async function moveTraces(moving: Moving): Promise<boolean> {
  const { id: migrationId, store } = moving;
  for (const kind of ['experiment', 'project'] as const) {
    for (;;) {
      const page = { migrationId, kind, states: ['found'], limit: 1 } as const;
      const [row] = await pageOfItems(store, page);
      if (row === undefined) break;
      if (!(await moveGroup(moving, row))) return false;
      if (moving.over()) return false;
    }
  }
  return true;
}

async function moveGroup(moving: Moving, row: MovedRow): Promise<boolean> {
  const { id: migrationId, move, store, signal } = moving;
  const { source } = traceSides(moving);
  const kind = row.kind === 'experiment' ? 'experiment' : 'project';
  const group = await groupOf(moving, row);
  const left = (reason: string): Promise<void> =>
    stepItems(store, { migrationId, kind }, [{ sourceId: row.sourceId, state: 'left', reason }]);
  if (group === undefined) {
    await left('it is gone');
    return true;
  }
  const moved = movedGroup(moving, { row, group });
  const place = await experimentsOf(moving, moved);
  if ('left' in place) {
    await left(place.left);
    return true;
  }
  const links = await linksOfGroup(moving, group);
  const key = { migrationId, kind: 'traces', container: group.id } as const;
  const { cursor } = await readCursor(store, key);
  const { since } = move.spec;
  const pages = source.traces({
    group,
    ...(since === undefined ? {} : { since }),
    ...(cursor === undefined ? {} : { cursor }),
    signal,
  });
  for await (const { traces, cursor: next } of pages) {
    await movePage(moving, { moved, place, links, traces, next });
    moving.tell(traces.length, `${kind} ${JSON.stringify(group.name)}`);
    if (next !== undefined && moving.over()) return false;
  }
  await stepItems(store, { migrationId, kind }, [
    { sourceId: row.sourceId, state: 'written', writtenHere: true, ...targetOf(place) },
  ]);
  return true;
}

/** A group, and where it comes from. */
export function movedGroup(
  { sides: { source } }: Moving,
  { row, group }: Pick<MovedGroup, 'row' | 'group'>,
): MovedGroup {
  const { platform, projectId } = source;
  return { row, group, origin: { platform, projectId, group: { id: group.id, name: group.name } } };
}

const targetOf = (place: ExperimentPlace): { readonly targetId?: string } =>
  place.kind === 'experiment' ? { targetId: place.first } : {};

/** The groups of the source, listed once in a slice: each page of them is a request of its own. */
const listed = new WeakMap<Moving, Promise<ReadonlyMap<string, TraceGroup>>>();

/** @returns undefined where the source has it no more. */
export async function groupOf(moving: Moving, row: MovedRow): Promise<TraceGroup | undefined> {
  const groups = listed.get(moving) ?? listGroups(moving);
  listed.set(moving, groups);
  return (await groups).get(row.sourceId);
}

async function listGroups(moving: Moving): Promise<ReadonlyMap<string, TraceGroup>> {
  const groups = new Map<string, TraceGroup>();
  for await (const page of traceSides(moving).source.groups(moving.signal)) {
    for (const group of page) groups.set(group.id, group);
  }
  return groups;
}

export interface Page {
  readonly moved: MovedGroup;
  readonly place: ExperimentPlace;
  /** What stood in the runs of the target when the slice began. */
  readonly links: RunLinks | undefined;
  readonly traces: readonly ForeignTrace[];
  readonly next: string | undefined;
  /** Traces that were read before are read again, for what came to them since. */
  readonly late?: boolean;
}

/** Puts a page out. What of it stands on the target already is not sent again. */
export async function movePage(moving: Moving, page: Page): Promise<void> {
  const { id: migrationId, store, target } = moving;
  const { moved } = page;
  const container = moved.group.id;
  const known = await findItems(
    store,
    { migrationId, kind: 'trace' },
    page.traces.map(({ id }) => id),
  );
  const { late = false } = page;
  const traces = late ? page.traces : page.traces.filter(({ id }) => !known.has(id));
  const encoded = await encodeTraces(moving, { ...page, traces }, known);
  const standing = await standingSpans(moving, { moved, traces });
  const put = late
    ? await spansPutOut(
        store,
        migrationId,
        encoded.flatMap(({ record }) => record?.traceId ?? []),
      )
    : new Map<string, readonly string[]>();
  const rows: NewRow[] = [];
  const records: OutboxRecord[] = [];
  for (const { trace, record, reason, name, run } of encoded) {
    const row = { kind: 'trace', sourceId: trace.id, container, name } as const;
    const window = windowOf([trace]);
    if (record === undefined) {
      rows.push({ ...row, state: 'left', ...(reason === undefined ? {} : { reason }) });
      continue;
    }
    const own = new Set(put.get(record.traceId));
    const there = new Set([...(standing.get(record.traceId) ?? []), ...own]);
    const marks = page.links === undefined || run === undefined ? [] : [runMark(run)];
    const linked = page.links?.marks(record.traceId) ?? [];
    // The root brings the trace into its run.
    const [root = ''] = record.ids;
    if (!own.has(root) && marks.some((mark) => !linked.includes(mark))) there.delete(root);
    const missing = record.ids.filter((id) => !there.has(id));
    rows.push({
      ...row,
      targetId: record.traceId,
      sourceHash: spansKey([...record.ids, ...marks]),
      state: 'written',
      writtenHere: missing.length > 0 || known.get(trace.id)?.writtenHere === true,
      held: trace.spans.length,
      ...(run === undefined ? {} : { run }),
      ...(reason === undefined ? {} : { reason }),
      ...(window === undefined ? {} : { beganAt: window.from, lastAt: window.to }),
    });
    if (missing.length === 0) continue;
    records.push(
      missing.length === record.ids.length
        ? record
        : { ...record, ids: missing, body: onlySpans(record.body, new Set(missing)) },
    );
  }
  const kept = new Set(encoded.flatMap(({ trace, record }) => (record ? [trace.id] : [])));
  const scores = await scoresOfPage(moving, {
    moved,
    traces: traces.filter(({ id }) => kept.has(id)),
  });
  await withTransaction(store, async (tx) => {
    if (late) {
      const ids = traces.map(({ id }) => id);
      await dropItems(tx, { migrationId, kind: 'trace' }, ids);
    }
    await putFound(tx, migrationId, [...rows, ...scores.rows]);
    await putOut(tx, { migrationId, platform: target.name }, [...records, ...scores.records]);
    if (late) return;
    await putCursor(
      tx,
      { migrationId, kind: 'traces', container },
      { cursor: page.next, done: page.next === undefined },
    );
  });
}

/** Why a trace is left for now. */
export const underWay = 'it was under way when it was read; the same move, made again, brings it';
/** A trace that began longer ago and has no end will have none. */
const longestTraceMs = 3_600_000;

// A span that was sent cannot be changed on Langfuse 4, so one without its end would stand there so for ever.
function isUnderWay({ spans: [root] }: ForeignTrace): boolean {
  if (root === undefined || root.endedAt !== undefined) return false;
  const began = nanosecondsOf(root.startedAt);
  return began !== undefined && Date.now() - Number(began / 1_000_000n) < longestTraceMs;
}

interface EncodedTrace {
  readonly trace: ForeignTrace;
  readonly name: string;
  /** Undefined where the trace is left. */
  readonly record: OutboxRecord | undefined;
  /** Why it is left, or what of it is not carried. */
  readonly reason: string | undefined;
  /** The name of the experiment that it belongs to there. */
  readonly run: string | undefined;
}

async function encodeTraces(
  moving: Moving,
  { moved: { origin }, place, traces }: Page,
  known: ReadonlyMap<string, MovedRow>,
): Promise<readonly EncodedTrace[]> {
  const { sink } = traceSides(moving);
  const generation = moving.sides.target.generation === 'v3' ? 'v3' : 'v4';
  const runs = new Map(
    [...known.values()].flatMap(({ sourceId, run }): readonly (readonly [string, string])[] =>
      run === undefined ? [] : [[sourceId, run]],
    ),
  );
  const experiments = await place.open(traces, runs);
  return traces.map((trace): EncodedTrace => {
    const { experiment, problem } = experiments.get(trace.id) ?? {};
    const name = trace.itemId ?? trace.spans[0]?.name ?? '';
    if (isUnderWay(trace)) {
      return { trace, name, record: undefined, reason: underWay, run: undefined };
    }
    const notes = [...trace.notCarried, ...(problem === undefined ? [] : [problem])];
    try {
      const record = sink.encodeTrace(trace, {
        origin,
        generation,
        ...(experiment === undefined ? {} : { experiment }),
      });
      const reason = notes.length === 0 ? undefined : notes.join('; ');
      return { trace, name, record, reason, run: experiment?.name };
    } catch (error) {
      if (!AssayError.is(error) || error.code !== 'MIGRATION_TRACE_INVALID') throw error;
      return { trace, name, record: undefined, reason: error.message, run: undefined };
    }
  });
}

/** What of these traces stands on the target already, brought by another move: their ids are made of their place on the source. */
async function standingSpans(
  moving: Moving,
  {
    moved: { origin },
    traces,
  }: { readonly moved: MovedGroup; readonly traces: readonly ForeignTrace[] },
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { sink } = traceSides(moving);
  const window = windowOf(traces);
  if (window === undefined) return new Map();
  return sink.findSpans({
    group: origin.group,
    traceIds: traces.map(({ id }) => sink.traceId(origin, id)),
    ...window,
    signal: moving.signal,
  });
}
