/**
 * What the store keeps for the platforms' port. The store stands below the platforms and imports nothing of
 * them, so these are written here; a test proves that the port's types are the same.
 */
import type { JsonObject } from '../core/json/json.js';

/** Where a run stands on a platform. */
export interface PlatformRun {
  readonly platform: string;
  readonly projectId: string;
  readonly datasetId: string;
  readonly datasetName: string;
  /** Index 0 is repetition 1. */
  readonly runs: readonly { readonly name: string; readonly id: string }[];
  readonly prompt?: { readonly name: string; readonly version: number };
}

/** What of a run every record repeats. */
export interface RunContext {
  readonly project: string;
  readonly experiment: string;
  readonly runUid: string;
  readonly target: string;
  readonly description?: string;
  readonly metadata: JsonObject;
}

/** One record of the outbox. */
export interface OutboxRecord {
  readonly kind: 'spans' | 'scores';
  readonly body: string;
  readonly traceId: string;
  /** Span ids or score ids that must stand on the platform exactly once. */
  readonly ids: readonly string[];
}

/** A stored record on its way out. */
export interface OutboundRecord extends OutboxRecord {
  /** The row in the outbox. */
  readonly rowId: string;
}
