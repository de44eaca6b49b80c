import { sha256 } from '../../../core/ids/hash.js';
import type { TraceOrigin } from '../../trace-port.js';

/** Ids of what came from elsewhere: of its place there alone, so that the same thing is the same record in every move. */
function idOf(what: string, origin: Omit<TraceOrigin, 'group'>, sourceId: string): string {
  // As JSON, so that ('ab','c') and ('a','bc') never meet.
  return sha256(
    JSON.stringify([`assay-moved-${what}`, origin.platform, origin.projectId, sourceId]),
  );
}

/** 32 hex digits. */
export const movedTraceId = (origin: TraceOrigin, sourceTraceId: string): string =>
  idOf('trace', origin, sourceTraceId).slice(0, 32);

/** 16 hex digits. */
export const movedSpanId = (origin: TraceOrigin, sourceSpanId: string): string =>
  idOf('span', origin, sourceSpanId).slice(0, 16);

/** 32 hex digits. */
export const movedScoreId = (origin: TraceOrigin, sourceScoreId: string): string =>
  idOf('score', origin, sourceScoreId).slice(0, 32);
