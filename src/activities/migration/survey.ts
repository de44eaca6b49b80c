import type { TraceGroup } from '../../platforms/trace-port.js';
import { putCursor, readCursor } from '../../store/moves/cursors.js';
import { pageOfItems, putFound, stepItems, type MovedRow } from '../../store/moves/items.js';
import { experimentsOf } from './experiment-place.js';
import { groupOf, movedGroup } from './move-traces.js';
import { traceSides } from './trace-sides.js';
import type { Moving } from './moving.js';

/** Counts for a dry run what lies in the groups, and finds those that would be left. @returns whether all were counted. */
export async function surveyGroups(moving: Moving): Promise<boolean> {
  const { id: migrationId, store } = moving;
  for (const kind of ['experiment', 'project'] as const) {
    for (let after = ''; ;) {
      const page = { migrationId, kind, states: ['found'], after, limit: 50 } as const;
      const rows = await pageOfItems(store, page);
      for (const row of rows) {
        after = row.sourceId;
        const key = { migrationId, kind: 'inventory', container: `in ${row.sourceId}` } as const;
        if ((await readCursor(store, key)).done) continue;
        const left = await surveyGroup(moving, row);
        if (left !== undefined) {
          const { sourceId } = row;
          await stepItems(store, { migrationId, kind }, [
            { sourceId, state: 'left', reason: left },
          ]);
        }
        await putCursor(store, key, { cursor: undefined, done: true });
        if (moving.over()) return false;
      }
      if (rows.length < page.limit) break;
    }
  }
  return true;
}

/** @returns why the group would be left. */
async function surveyGroup(moving: Moving, row: MovedRow): Promise<string | undefined> {
  const { id: migrationId, move, store, signal, tell } = moving;
  const group = await groupOf(moving, row);
  if (group === undefined) return 'it is gone';
  const left = await whyLeft(moving, { row, group });
  if (left !== undefined) return left;
  const { source } = traceSides(moving);
  const { since } = move.spec;
  const pages = source.survey({ group, signal, ...(since === undefined ? {} : { since }) });
  let traces = 0;
  for await (const page of pages) {
    traces += page.traces;
    await putFound(
      store,
      migrationId,
      page.scores.map(({ id: sourceId, name, left: reason }) => ({
        kind: 'score',
        sourceId,
        name,
        container: row.sourceId,
        ...(reason === undefined ? { state: 'found' } : { state: 'left', reason }),
      })),
    );
    tell(page.traces, `${row.kind} ${JSON.stringify(row.name)} is counted`);
  }
  const { sourceId } = row;
  await stepItems(store, { migrationId, kind: row.kind }, [{ sourceId, held: traces }]);
  return undefined;
}

async function whyLeft(
  moving: Moving,
  { row, group }: { readonly row: MovedRow; readonly group: TraceGroup },
): Promise<string | undefined> {
  if (group.dataset === undefined) return undefined;
  const { parts, target, signal } = moving;
  const there = await target.datasets.get(group.dataset.name, signal);
  // The move itself would bring it before.
  if (there === undefined && parts.includes('datasets')) return undefined;
  const place = await experimentsOf(moving, movedGroup(moving, { row, group }));
  return 'left' in place ? place.left : undefined;
}
