import type { CellResult } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { cellSpanId, cellTraceId, type CellIdentity } from '../../core/ids/platform-ids.js';
import type { SpanNode } from '../trace/span-tree.js';
import { timedUuid } from './ids.js';

/** Where a run stands in its trace. */
export interface RunPlace {
  readonly id: string;
  readonly parent: RunPlace | undefined;
  /** With microseconds, as in its dotted order. */
  readonly start: string;
  readonly end: string;
  /** `{start}Z{id}` of each run from the root down. */
  readonly dottedOrder: string;
}

/** The trace of a cell there. */
export interface TracePlan {
  /** The id that the engine knows the trace by: 32 hex digits. */
  readonly hexId: string;
  readonly root: RunPlace;
  /** Parents must be placed before their children. */
  place(node: SpanNode): RunPlace;
}

/** The id of a cell's trace there, which is its root's. */
export function rootRunId(hexId: string, startedAt: string): string {
  return timedUuid(milliseconds(startedAt), `${hexId}/root`);
}

/**
 * The server refuses a run that begins before its parent, and shows those of one moment in no order. So a call that an earlier
 * attempt made, which is older than its cell, begins with its parent; and microseconds tell the order within a millisecond.
 */
export function planTrace(
  cell: Pick<CellResult, 'itemId' | 'repetition' | 'revision' | 'startedAt' | 'endedAt'>,
  runUid: string,
): TracePlan {
  const { itemId, repetition, revision } = cell;
  const identity: CellIdentity = { runUid, itemId, repetition, revision };
  const hexId = cellTraceId(identity);
  const rootStart = milliseconds(cell.startedAt);
  const rootEnd = Math.max(rootStart, milliseconds(cell.endedAt));
  const root = placed(
    { id: rootRunId(hexId, cell.startedAt), startMs: rootStart, endMs: rootEnd, order: 0 },
    undefined,
  );
  const places = new Map<string, { readonly place: RunPlace; readonly startMs: number }>([
    ['root', { place: root, startMs: rootStart }],
  ]);
  return {
    hexId,
    root,
    place(node) {
      const known = places.get(node.path);
      if (known !== undefined) return known.place;
      const above = places.get(node.parent ?? 'root');
      if (above === undefined) throw new AssayError('INTERNAL', 'A span stands before its parent.');
      const startMs = Math.max(milliseconds(node.start), above.startMs);
      const endMs = Math.max(milliseconds(node.end), startMs);
      const id = timedUuid(startMs, `${hexId}/${cellSpanId(identity, node.path)}`);
      const order = Math.min(places.size, 999);
      const place = placed({ id, startMs, endMs, order }, above.place);
      places.set(node.path, { place, startMs });
      return place;
    },
  };
}

function placed(
  run: {
    readonly id: string;
    readonly startMs: number;
    readonly endMs: number;
    readonly order: number;
  },
  parent: RunPlace | undefined,
): RunPlace {
  const start = withMicroseconds(run.startMs, run.order);
  const own = `${start.replaceAll(/[-:.]/g, '')}${run.id}`;
  return {
    id: run.id,
    parent,
    start,
    end: withMicroseconds(run.endMs, run.order),
    dottedOrder: parent === undefined ? own : `${parent.dottedOrder}.${own}`,
  };
}

function withMicroseconds(ms: number, microseconds: number): string {
  return new Date(ms).toISOString().replace('Z', `${String(microseconds).padStart(3, '0')}Z`);
}

function milliseconds(iso: string): number {
  const ms = Date.parse(iso);
  // NaN would make the server refuse the runs of every other cell in the batch, too.
  if (!Number.isFinite(ms)) {
    throw new AssayError('INTERNAL', 'A record of a cell holds a time that is none.');
  }
  return ms;
}
