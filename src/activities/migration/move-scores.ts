import type { OutboxRecord } from '../../contracts/publication.js';
import type { ForeignScore, ForeignTrace, TraceOrigin } from '../../platforms/trace-port.js';
import { findItems, type NewRow } from '../../store/moves/items.js';
import { traceSides, type MovedGroup } from './trace-sides.js';
import type { Moving } from './moving.js';
import { scoreKey } from './trace-page.js';

/** What is put out of the scores of some traces. */
export interface ScorePage {
  readonly rows: readonly NewRow[];
  readonly records: readonly OutboxRecord[];
}

/** The scores of these traces, a record for each trace; those that stand there with this value are not sent again. */
export async function scoresOfPage(
  moving: Moving,
  on: { readonly moved: MovedGroup; readonly traces: readonly ForeignTrace[] },
): Promise<ScorePage> {
  const { source } = traceSides(moving);
  const { moved, traces } = on;
  const { signal } = moving;
  const { origin } = moved;
  const container = moved.group.id;
  const own = { kind: 'score', container } as const;
  const runs = new Map(traces.flatMap(({ id, spans }) => spans.map((span) => [span.id, id])));
  if (runs.size === 0) return { rows: [], records: [] };
  const rows: NewRow[] = [];
  const found = new Map<string, ForeignScore>();
  const onLeft = (sourceId: string, reason: string): void => {
    rows.push({ ...own, sourceId, state: 'left', reason });
  };
  for await (const page of source.scores({ runs, signal, onLeft })) {
    for (const score of page) found.set(score.id, score);
  }
  // Those of a trace that is read again were put out before.
  const known = await findItems(moving.store, { migrationId: moving.id, kind: 'score' }, [
    ...found.keys(),
  ]);
  for (const id of known.keys()) found.delete(id);
  const scores = await scoreRows(moving, { origin, container, found });
  return { rows: [...rows, ...scores.rows], records: scores.records };
}

/** What is put out of these scores, by their ids. */
export async function scoreRows(
  moving: Moving,
  on: {
    readonly origin: TraceOrigin;
    readonly container: string;
    readonly found: ReadonlyMap<string, ForeignScore>;
  },
): Promise<ScorePage> {
  const { sink } = traceSides(moving);
  const { origin, container, found } = on;
  const own = { kind: 'score', container } as const;
  const rows: NewRow[] = [];
  if (found.size === 0) return { rows, records: [] };
  const there = await sink.findScores(
    [...found.keys()].map((id) => sink.scoreId(origin, id)),
    moving.signal,
  );
  const toSend = new Map<string, ForeignScore[]>();
  for (const score of found.values()) {
    const targetId = sink.scoreId(origin, score.id);
    const sourceHash = scoreKey(sink.shownScore(score));
    const standing = there.get(targetId);
    const stands = standing !== undefined && scoreKey(standing) === sourceHash;
    const { id: sourceId, name } = score;
    rows.push({
      ...own,
      sourceId,
      name,
      targetId,
      sourceHash,
      state: 'written',
      writtenHere: !stands,
    });
    if (stands) continue;
    toSend.set(score.traceId, [...(toSend.get(score.traceId) ?? []), score]);
  }
  return {
    rows,
    records: [...toSend.values()].map((scores) => sink.encodeScores(scores, origin)),
  };
}
