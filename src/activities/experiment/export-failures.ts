import { randomUUID } from 'node:crypto';

import type {
  OutboundExport,
  OutboundRecord,
  RefusedRecord,
  SendOutcome,
} from '../../platforms/port.js';
import type { LeftRecord, PublisherSession } from '../../store/publisher/session.js';
import type { Unclear } from './export-parts.js';

/** So often a server may answer with an error of its own before one of the records is suspected of it. */
const suspectFrom = 2;
/** The most requests that an export is sent in at a time while none of them gets through. */
const mostParts = 8;

/** For so long a record must have failed alone before it is given up, where others get through. */
export const failingPatienceMs = 600_000;

/** What one publisher remembers of exports that a server answers with errors of its own. In memory alone. */
export interface Failures {
  /** Whether one of its records is suspected. */
  isSuspected(exportId: string): boolean;
  /** In how many parts it is sent next. Two of its records can stand in two halves; beyond this it is the platform's trouble. */
  partsFor(exportId: string): number;
  count(exportId: string): void;
  /** After an answer of another kind. */
  reset(exportId: string): void;
  /** A part of it got through while another did not: it is not the platform that is in trouble. */
  poisoned(exportId: string): void;
  /** After a part got through: what is left is suspected, and sent in as few parts as at first. */
  begin(exportId: string): void;
  isPoisoned(exportId: string): boolean;
  /** What an earlier publisher has learned of it: all that is left fails alone. */
  recall(exportId: string): void;
  forget(exportId: string): void;
}

export function createFailures(): Failures {
  const inARow = new Map<string, number>();
  const poisoned = new Set<string>();
  const of = (exportId: string): number => inARow.get(exportId) ?? 0;
  return {
    isSuspected: (exportId) => of(exportId) >= suspectFrom,
    partsFor: (exportId) => Math.min(mostParts, 2 ** (of(exportId) - suspectFrom + 1)),
    count: (exportId) => void inARow.set(exportId, of(exportId) + 1),
    reset: (exportId) => void inARow.set(exportId, 0),
    poisoned: (exportId) => void poisoned.add(exportId),
    begin: (exportId) => void inARow.set(exportId, suspectFrom),
    isPoisoned: (exportId) => poisoned.has(exportId),
    recall(exportId) {
      if (inARow.has(exportId)) return;
      poisoned.add(exportId);
      inARow.set(exportId, suspectFrom + Math.log2(mostParts));
    },
    forget(exportId) {
      inARow.delete(exportId);
      poisoned.delete(exportId);
    },
  };
}

/**
 * What a try left, where each record of which it is unclear stood alone and was answered by an error of the server; undefined
 * where that says nothing of the records.
 */
export function leftAlone(
  unclear: ReadonlyMap<OutboundRecord, Unclear>,
  bad: readonly RefusedRecord[] = [],
): readonly LeftRecord[] | undefined {
  const all = [...unclear];
  if (!all.every(([, { alone, answered }]) => alone && answered === true)) return undefined;
  return [
    ...all.flatMap(([{ rowId, ids }, { reason, taken = [] }]) =>
      ids.filter((id) => !taken.includes(id)).map((id) => ({ rowId, id, reason, failed: true })),
    ),
    ...bad.map(({ rowId, id, reason }) => ({ rowId, id, reason, failed: false })),
  ];
}

interface Trial {
  readonly session: PublisherSession;
  readonly post: (batch: OutboundExport) => Promise<SendOutcome>;
}

// The last export of a run has nothing beside it to tell an outage by; a score that is sent again is replaced by itself.
async function getsThrough({ session, post }: Trial, taken?: OutboundRecord): Promise<boolean> {
  const score = taken ?? (await session.sentScore());
  if (score === undefined) return false;
  const trial = { exportId: randomUUID(), kind: 'scores', records: [score], again: true } as const;
  return (await post(trial)).outcome === 'accepted';
}

/**
 * Whom of what is left of an export to give up, since each fails alone while others got through; undefined where nobody, or where
 * something is not among those that the last try left.
 *
 * @param left of spans what the platform was asked for after that try and does not show.
 * @param on.beside scores of the export of which those that are not left got through.
 */
export async function givenUp(
  { exportId, kind, records: left }: OutboundExport,
  on: Trial & { readonly patienceMs: number; readonly beside?: readonly OutboundRecord[] },
): Promise<readonly RefusedRecord[] | undefined> {
  if (left.length === 0) return undefined;
  const failing = await on.session.failingFor(exportId, on.patienceMs);
  if (failing === undefined) return undefined;
  const through = (each: OutboundRecord): boolean =>
    each.kind === 'scores' && !left.some(({ rowId }) => rowId === each.rowId);
  const taken = on.beside?.find(through);
  const minutes = Math.floor(failing.forMs / 60_000);
  const bad = left.map(({ rowId, ids }) =>
    failing.left.filter((each) => each.rowId === rowId && ids.includes(each.id)),
  );
  // Of scores nobody looks which are there: those that the server has taken by its answer are not left.
  const known = left.every(({ ids }, at) =>
    kind === 'scores' ? bad[at]?.length !== 0 : bad[at]?.length === ids.length,
  );
  if (!known || !(failing.othersThrough || (await getsThrough(on, taken)))) return undefined;
  return bad.flat().map(({ rowId, id, reason, failed }) => ({
    rowId,
    id,
    reason: failed
      ? `${reason}, each time for ${minutes} minutes, while others got through`
      : reason,
  }));
}
