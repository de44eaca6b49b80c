import type { Platform } from '../../../src/platforms/port.js';

/** What a server can be made to do with the next request that brings records of a kind. */
export type Fault =
  /** Takes all of it, and the answer is lost. */
  | 'takes_and_drops'
  /** Fails before anything is stored. */
  | 'fails'
  /** Takes nothing and asks to wait for seven seconds. */
  | 'asks_to_wait';

/** How long the server asks to wait under `asks_to_wait`, in milliseconds. */
export const askedWaitMs = 7_000;

/** A platform with its server behind it, for one run of the suite. */
export interface ConformanceServer {
  readonly platform: Platform;
  /** The same server with keys that it refuses. */
  readonly stranger?: { readonly platform: Platform; readonly key: string };
  strike?(fault: Fault, kind: 'spans' | 'scores'): Promise<void>;
  /** Ends what was struck and did not happen. */
  calm?(): Promise<void>;
  close(): Promise<void>;
}

/** What platforms may differ in without being wrong. */
export interface Traits {
  /** Whether the server can be broken (`strike`) and asked with wrong keys (`stranger`): one of ours. */
  readonly inOurHands: boolean;
  /** What a second sending of the same spans shows: one more row each (Langfuse v4), or nothing new. */
  readonly resentSpans: 'shown_again' | 'shown_once';
  /** How long a write may take to be seen, in milliseconds. */
  readonly visibleWithinMs: number;
}
