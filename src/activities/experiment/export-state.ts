import { AssayError } from '../../core/errors/assay-error.js';
import type { OutboundRecord } from '../../platforms/port.js';

/** A try that must be repeated later. */
export interface Blocked {
  readonly state: 'blocked';
  readonly waitMs: number;
  readonly reason: string;
  /** Where the platform refuses the keys: for how long it has done so. */
  readonly keysRefusedMs?: number;
}

/** What became of a try: through, or blocked for a while. */
export type ExportState = { readonly state: 'moved' } | Blocked;

/** Sends exports by the rules for a platform that cannot upsert (durability 15 to 17). */
export interface Exporter {
  /** Intent, POST, mark: for rows that were never sent. */
  send(request: {
    readonly kind: 'spans' | 'scores';
    readonly rows: readonly OutboundRecord[];
  }): Promise<ExportState>;
  /**
   * One look at every export with an intent and no mark: asks the platform, marks what is there, and once that can no longer
   * appear by itself sends what is missing, same bytes. `open` is how many are still unclear.
   */
  settle(): Promise<Settled>;
}

export type Settled = ExportState & {
  readonly open: number;
  /** What holds nothing else up, and is waited for once all else is through. */
  readonly resting?: Blocked;
};

/** What it means for a try that a question before it was not answered. @throws what no repetition mends. */
export function unreachable(error: unknown): Blocked {
  if (!AssayError.is(error) || error.entry.retry === 'never') throw error;
  return { state: 'blocked', waitMs: error.retryAfterMs ?? 1_000, reason: error.message };
}
