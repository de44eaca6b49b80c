import { sha256 } from './hash.js';

/**
 * Where a record stands. Ids are hashes of this and never of the attempt, so that a repeated attempt writes
 * the same record and a platform that knows upserts sees one.
 */
export interface CellIdentity {
  /** The random identity of the run, made once when it was planned. */
  readonly runUid: string;
  readonly itemId: string;
  /** 1-based. */
  readonly repetition: number;
  /** 1-based; +1 per retry that a user asked for. */
  readonly revision: number;
}

// Lengths are part of the text, so that ('ab','c') and ('a','bc') never meet.
const join = (parts: readonly (string | number)[]): string =>
  parts.map((part) => `${String(part).length}:${part}`).join('|');

const cellText = (cell: CellIdentity): string =>
  join([cell.runUid, cell.itemId, cell.repetition, cell.revision]);

/** The W3C trace id of a cell: 32 hex digits. */
export function cellTraceId(cell: CellIdentity): string {
  return sha256(`assay-trace|${cellText(cell)}`).slice(0, 32);
}

/** The span id at a path inside a cell's trace, such as `root` or `target/call/1`: 16 hex digits. */
export function cellSpanId(cell: CellIdentity, path: string): string {
  return sha256(`assay-span|${cellText(cell)}|${path}`).slice(0, 16);
}

/** The id of a score. On Langfuse the id is the key, so that a re-judge replaces (durability 18). */
export function scoreId(traceId: string, scoreName: string): string {
  return sha256(`assay-score|${join([traceId, scoreName])}`).slice(0, 32);
}

/** The id of a dataset item on a platform, from the dataset and the item's own id. */
export function platformItemId(dataset: string, itemId: string): string {
  return sha256(`assay-item|${join([dataset, itemId])}`).slice(0, 32);
}

/**
 * The id that a Langfuse v4 server derives for an experiment.
 * Source: seen on a 4.16 server: the first 16 hex digits of sha256 over this compact JSON.
 */
export function langfuseExperimentId(
  projectId: string,
  datasetId: string,
  runName: string,
): string {
  return sha256(JSON.stringify(['langfuse-experiment-v1', projectId, datasetId, runName])).slice(
    0,
    16,
  );
}
