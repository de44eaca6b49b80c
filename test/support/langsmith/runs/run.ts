import type { ObjectMap } from '../http/validate.js';

export interface Run {
  readonly id: string;
  readonly sessionId: string;
  readonly traceId: string;
  readonly dottedOrder: string;
  readonly parentRunId: string | null;
  /** All microseconds. */
  readonly startTime: number;
  readonly endTime: number | null;
  readonly name: string;
  readonly runType: string;
  readonly inputs: ObjectMap;
  readonly outputs: ObjectMap | null;
  readonly error: string | null;
  readonly extra: ObjectMap;
  readonly events: readonly unknown[];
  readonly serialized: unknown;
  readonly tags: readonly string[];
  readonly referenceExampleId: string | null;
  /** How many requests wrote to it. */
  readonly posts: number;
  readonly patches: number;
  /** Once ended, a run takes no further update. */
  readonly closed: boolean;
  /** Milliseconds. */
  readonly visibleAt: number;
}

export const visibleRuns = (runs: ReadonlyMap<string, Run>, now: number): readonly Run[] =>
  [...runs.values()].filter((run) => run.visibleAt <= now);
