import type { PushSlice } from '../../contracts/dataset-push.js';
import type { Platform } from '../../platforms/port.js';
import type { PushRecord, PushStep } from '../../store/datasets/pushes.js';
import type { Queryable } from '../../store/query.js';
import type { DatasetPorts } from './ports.js';

/** A push to one platform, at work. */
export interface Pushing {
  readonly slice: PushSlice;
  readonly platform: Platform;
  readonly ports: DatasetPorts;
  readonly signal: AbortSignal;
  /** Where it stands; the rows say so. */
  readonly push: PushRecord;
  /** Whether the slice is over, or the worker asked to stop. */
  over(): boolean;
  /** Shows what is in flight beside what stands. */
  tell(inFlight: number): void;
  /**
   * Commits a step with what belongs to it, or nothing of both.
   *
   * @throws Error where another attempt went on meanwhile.
   */
  step(step: PushStep, beside?: (on: Queryable) => Promise<void>): Promise<void>;
}
