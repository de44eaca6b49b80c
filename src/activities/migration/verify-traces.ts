import { putCursor, readCursor } from '../../store/moves/cursors.js';
import { pageOfItems, stepItems, type MovedRow, type MovedStep } from '../../store/moves/items.js';
import { carriedTraces, type CarriedTrace } from '../../store/moves/verified.js';
import { groupOf } from './move-traces.js';
import { linksOfGroup, type RunLinks } from './run-links.js';
import { traceSides } from './trace-sides.js';
import type { Moving } from './moving.js';
import { scoreKey, spansKey } from './trace-page.js';

const tracesPerPage = 100;
const scoresPerPage = 500;

/** Looks for the traces and scores of a group that were not found yet. @returns whether all were looked for. */
export async function verifyGroup(moving: Moving, row: MovedRow): Promise<boolean> {
  return (await verifyTraces(moving, row)) && (await verifyScores(moving, row));
}

async function verifyTraces(moving: Moving, row: MovedRow): Promise<boolean> {
  const { id: migrationId, store } = moving;
  const key = { migrationId, kind: 'verify', container: row.sourceId } as const;
  const at = await readCursor(store, key);
  if (at.done) return true;
  const group = row.kind === 'experiment' ? await groupOf(moving, row) : undefined;
  const links = group === undefined ? undefined : await linksOfGroup(moving, group);
  let after = at.cursor === undefined ? undefined : (JSON.parse(at.cursor) as [string, string]);
  for (;;) {
    const of = { migrationId, container: row.sourceId };
    const page = await carriedTraces(store, of, { after, limit: tracesPerPage });
    const last = page.at(-1);
    if (last === undefined) break;
    const steps = await compareTraces(moving, page, { row, links });
    await stepItems(store, { migrationId, kind: 'trace' }, steps);
    after = [last.beganAt, last.sourceId];
    await putCursor(store, key, { cursor: JSON.stringify(after), done: false });
    moving.tell(page.length, `traces of ${JSON.stringify(row.name)} are read back`);
    if (moving.over()) return false;
  }
  await putCursor(store, key, { cursor: undefined, done: true });
  return true;
}

async function compareTraces(
  moving: Moving,
  page: readonly CarriedTrace[],
  { row, links }: { readonly row: MovedRow; readonly links: RunLinks | undefined },
): Promise<readonly MovedStep[]> {
  const { sink } = traceSides(moving);
  const [from] = page.map(({ beganAt }) => beganAt).sort();
  const to = page
    .map(({ lastAt }) => lastAt)
    .sort()
    .at(-1);
  const found = await sink.findSpans({
    group: { id: row.sourceId },
    traceIds: page.map(({ targetId }) => targetId),
    from: new Date(from ?? 0).toISOString(),
    to: new Date(to ?? 0).toISOString(),
    signal: moving.signal,
  });
  return page.flatMap(({ sourceId, targetId, sourceHash }): readonly MovedStep[] => {
    const ids = found.get(targetId) ?? [];
    if (new Set(ids).size < ids.length) {
      return [{ sourceId, state: 'differs', reason: 'some of its spans stand there twice' }];
    }
    if (links?.isTwice(targetId) === true) {
      return [{ sourceId, state: 'differs', reason: 'stands in its run twice' }];
    }
    const shown = [spansKey(ids), spansKey([...ids, ...(links?.marks(targetId) ?? [])])];
    // Not all of it is shown yet.
    return shown.includes(sourceHash) ? [{ sourceId, state: 'verified' }] : [];
  });
}

async function verifyScores(moving: Moving, row: MovedRow): Promise<boolean> {
  const { id: migrationId, store, signal } = moving;
  const { sink } = traceSides(moving);
  for (let after = ''; ;) {
    const rows = await pageOfItems(store, {
      migrationId,
      kind: 'score',
      states: ['written'],
      container: row.sourceId,
      after,
      limit: scoresPerPage,
    });
    const last = rows.at(-1);
    if (last === undefined) return true;
    after = last.sourceId;
    const shown = await sink.findScores(
      rows.flatMap(({ targetId }) => targetId ?? []),
      signal,
    );
    const steps = rows.flatMap(({ sourceId, targetId, sourceHash }): readonly MovedStep[] => {
      const score = shown.get(targetId ?? '');
      if (score === undefined) return [];
      return scoreKey(score) === sourceHash
        ? [{ sourceId, state: 'verified' }]
        : [{ sourceId, state: 'differs', reason: 'reads back with another value' }];
    });
    await stepItems(store, { migrationId, kind: 'score' }, steps);
    moving.tell(rows.length, `scores of ${JSON.stringify(row.name)} are read back`);
    if (moving.over()) return false;
  }
}
