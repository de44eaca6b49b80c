import type { ForeignScore, TraceGroup } from '../../platforms/trace-port.js';
import { putCursor, readCursor } from '../../store/moves/cursors.js';
import {
  findItems,
  pageOfItems,
  putFound,
  stepItems,
  type MovedRow,
} from '../../store/moves/items.js';
import { putOut } from '../../store/moves/outbox.js';
import { addSeen, forgetSeen, lateTraces } from '../../store/moves/second-look.js';
import { withTransaction } from '../../store/store.js';
import { experimentsOf, type ExperimentPlace } from './experiment-place.js';
import { scoreRows } from './move-scores.js';
import { groupOf, movedGroup, movePage, underWay } from './move-traces.js';
import { linksOfGroup, type RunLinks } from './run-links.js';
import type { Moving } from './moving.js';
import { traceSides, type MovedGroup } from './trace-sides.js';

/** Each is a request of its own at the source. */
const lateAtOnce = 20;

/** How far the second look at a group is. */
interface Swept {
  readonly part: 'runs' | 'late' | 'scores';
  readonly at?: string;
}

/**
 * Looks at the source once more when all groups were read: who still writes there has added traces before the place where we
 * were, runs to traces that we had, and feedback. It lists ids only, and reads again what is new. @returns whether all was looked at.
 */
export async function sweepTraces(moving: Moving): Promise<boolean> {
  const { id: migrationId, store } = moving;
  for (const kind of ['experiment', 'project'] as const) {
    for (let after = ''; ;) {
      const page = { migrationId, kind, states: ['written'], after, limit: 50 } as const;
      const rows = await pageOfItems(store, page);
      for (const row of rows) {
        if (!(await sweepGroup(moving, row))) return false;
        after = row.sourceId;
      }
      if (rows.length < page.limit) break;
    }
  }
  return true;
}

async function sweepGroup(moving: Moving, row: MovedRow): Promise<boolean> {
  const { id: migrationId, store } = moving;
  const key = { migrationId, kind: 'sweep', container: row.sourceId } as const;
  const cursor = await readCursor(store, key);
  if (cursor.done) return true;
  const group = await groupOf(moving, row);
  if (group !== undefined) {
    const moved = movedGroup(moving, { row, group });
    let swept: Swept =
      cursor.cursor === undefined ? { part: 'runs' } : (JSON.parse(cursor.cursor) as Swept);
    const note = async (next: Swept): Promise<void> => {
      swept = next;
      await putCursor(store, key, { cursor: JSON.stringify(next), done: false });
    };
    if (swept.part === 'runs') {
      if (!(await listRuns(moving, group, { at: swept.at, key }))) return false;
      await note({ part: 'late' });
    }
    if (swept.part === 'late') {
      if (!(await moveLate(moving, moved, { from: swept.at ?? '', note }))) return false;
      await note({ part: 'scores' });
    }
    if (!(await lateScores(moving, moved, { from: Number(swept.at ?? 0), note }))) return false;
  }
  await putCursor(store, key, { cursor: undefined, done: true });
  return true;
}

async function listRuns(
  moving: Moving,
  group: TraceGroup,
  on: {
    readonly at: string | undefined;
    readonly key: Parameters<typeof putCursor>[1];
  },
): Promise<boolean> {
  const { id: migrationId, move, store, signal, tell } = moving;
  const { source } = traceSides(moving);
  const { since } = move.spec;
  const container = group.id;
  if (on.at === undefined) await forgetSeen(store, { migrationId, container });
  const pages = source.runs({
    group,
    signal,
    ...(since === undefined ? {} : { since }),
    ...(on.at === undefined ? {} : { cursor: on.at }),
  });
  for await (const { runs, cursor } of pages) {
    const counts = new Map<string, number>();
    for (const { traceId } of runs) counts.set(traceId, (counts.get(traceId) ?? 0) + 1);
    const roots = runs.filter(({ id, traceId }) => id === traceId);
    await withTransaction(store, async (tx) => {
      await putFound(
        tx,
        migrationId,
        roots.map(({ id }) => ({ kind: 'trace', sourceId: id, container, state: 'found' })),
      );
      await addSeen(tx, { migrationId, container }, counts);
      const next: Swept = cursor === undefined ? { part: 'late' } : { part: 'runs', at: cursor };
      await putCursor(tx, on.key, { cursor: JSON.stringify(next), done: false });
    });
    tell(0, `${JSON.stringify(group.name)} is looked at once more`);
    if (cursor !== undefined && moving.over()) return false;
  }
  return true;
}

async function moveLate(
  moving: Moving,
  moved: MovedGroup,
  on: { readonly from: string; readonly note: (swept: Swept) => Promise<void> },
): Promise<boolean> {
  const { id: migrationId, store, signal, tell } = moving;
  const { group } = moved;
  const { source } = traceSides(moving);
  // Read with the first that came late: mostly there are none, and on Langfuse 3 all links of its runs are read.
  let standing:
    { readonly place: ExperimentPlace; readonly links: RunLinks | undefined } | undefined;
  for (let after = on.from; ;) {
    const ids = await lateTraces(store, {
      migrationId,
      container: group.id,
      retried: underWay,
      after,
      limit: lateAtOnce,
    });
    const last = ids.at(-1);
    if (last === undefined) return true;
    after = last;
    if (standing === undefined) {
      const place = await experimentsOf(moving, moved);
      if ('left' in place) return true;
      standing = { place, links: await linksOfGroup(moving, group) };
    }
    const traces = await source.tracesOf(group, ids, signal);
    await movePage(moving, { moved, ...standing, traces, next: undefined, late: true });
    const gone = ids.filter((id) => !traces.some((trace) => trace.id === id));
    await stepItems(
      store,
      { migrationId, kind: 'trace' },
      gone.map((sourceId) => ({ sourceId, state: 'left', reason: 'it is gone' })),
    );
    // What is under way is late still: without a place it would be asked for again and again.
    await on.note({ part: 'late', at: after });
    tell(traces.length, `${JSON.stringify(group.name)}: what came late`);
    if (moving.over()) return false;
  }
}

/** Feedback that came late, on traces that were carried; and that on the group as a whole, which has no place there. */
async function lateScores(
  moving: Moving,
  moved: MovedGroup,
  on: { readonly from: number; readonly note: (swept: Swept) => Promise<void> },
): Promise<boolean> {
  const { id: migrationId, store, target, signal } = moving;
  const { group } = moved;
  const { source } = traceSides(moving);
  let { from } = on;
  for await (const page of source.scoresOfGroup({ group, from, signal })) {
    from += page.length;
    const ids = page.map(({ id }) => id);
    const known = await findItems(store, { migrationId, kind: 'score' }, ids);
    const fresh = page.filter(({ id }) => !known.has(id));
    const found = fresh.flatMap(({ score }) => score ?? []);
    const traces = await findItems(
      store,
      { migrationId, kind: 'trace' },
      found.map(({ traceId }) => traceId),
    );
    const carried = found.filter(({ traceId }): boolean => {
      const state = traces.get(traceId)?.state;
      return state === 'written' || state === 'verified';
    });
    const scores = await scoreRows(moving, {
      origin: moved.origin,
      container: group.id,
      found: new Map(carried.map((score): [string, ForeignScore] => [score.id, score])),
    });
    const left = fresh.flatMap(({ id, name, left: reason }) =>
      reason === undefined
        ? []
        : [
            {
              kind: 'score',
              sourceId: id,
              name,
              container: group.id,
              state: 'left',
              reason,
            } as const,
          ],
    );
    await withTransaction(store, async (tx) => {
      await putFound(tx, migrationId, [...scores.rows, ...left]);
      await putOut(tx, { migrationId, platform: target.name }, scores.records);
    });
    await on.note({ part: 'scores', at: String(from) });
    if (moving.over()) return false;
  }
  return true;
}
