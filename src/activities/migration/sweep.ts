import type { ForeignScore, SurveyedScore, TraceGroup } from '../../platforms/trace-port.js';
import { putCursor, readCursor } from '../../store/moves/cursors.js';
import {
  findItems,
  pageOfItems,
  putFound,
  stepItems,
  type MovedRow,
  type NewRow,
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
  /** Of the scores: how often they were looked through before this look, and whether this one has found any. */
  readonly looks?: number;
  readonly found?: boolean;
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
    if (!(await lateScores(moving, moved, { swept, note }))) return false;
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

/** As often feedback is looked through at most: where it comes in without an end, the same move made again brings the rest. */
const mostLooks = 4;

/**
 * Feedback that came late, on traces that were carried; and that on the group as a whole, which has no place there. It is looked
 * through until nothing of it is new, since what comes in while it is read may come in before the place where we are.
 */
async function lateScores(
  moving: Moving,
  moved: MovedGroup,
  on: { readonly swept: Swept; readonly note: (swept: Swept) => Promise<void> },
): Promise<boolean> {
  const { signal } = moving;
  const { group } = moved;
  const { source } = traceSides(moving);
  let { at: cursor, looks = 0, found = false } = on.swept;
  for (;;) {
    const pages = source.scoresOfGroup({
      group,
      signal,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for await (const { scores, cursor: next } of pages) {
      if ((await putLateScores(moving, moved, scores)) > 0) found = true;
      if (next === undefined) break;
      await on.note({ part: 'scores', at: next, looks, found });
      if (moving.over()) return false;
    }
    looks += 1;
    if (!found || looks >= mostLooks) return true;
    cursor = undefined;
    found = false;
    await on.note({ part: 'scores', looks, found });
    if (moving.over()) return false;
  }
}

/** Puts out what of these scores is new. @returns how many are. */
async function putLateScores(
  moving: Moving,
  moved: MovedGroup,
  page: readonly SurveyedScore[],
): Promise<number> {
  const { id: migrationId, store, target } = moving;
  const container = moved.group.id;
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
    container,
    found: new Map(carried.map((score): [string, ForeignScore] => [score.id, score])),
  });
  const left = fresh.flatMap(({ id, name, left: reason }): readonly NewRow[] =>
    reason === undefined
      ? []
      : [{ kind: 'score', sourceId: id, name, container, state: 'left', reason }],
  );
  await withTransaction(store, async (tx) => {
    await putFound(tx, migrationId, [...scores.rows, ...left]);
    await putOut(tx, { migrationId, platform: target.name }, scores.records);
  });
  return scores.rows.length;
}
