import type { Platform } from '../../../src/platforms/port.js';

/** What a server can be made to do with the next requests that bring records of a kind. */
export type Fault =
  /** Takes all of it, and the answer is lost. */
  | 'takes_and_drops'
  /** Fails before anything is stored. */
  | 'fails'
  /** Takes nothing and asks to wait for seven seconds. */
  | 'asks_to_wait';

/** What records are sent of: one request for many, but for the scores of runs as a whole, which some platforms take one by one. */
export type Sending = 'spans' | 'scores' | 'run scores';

/** The most scores of runs that a test sends while the server is struck: each may be a request of its own. */
export const runScoresAtOnce = 2;

/** How long the server asks to wait under `asks_to_wait`, in milliseconds. */
export const askedWaitMs = 7_000;

/** A platform with its server behind it, for one run of the suite. */
export interface ConformanceServer {
  readonly platform: Platform;
  /** The same server with keys that it refuses. */
  readonly stranger?: { readonly platform: Platform; readonly key: string };
  strike?(fault: Fault, kind: Sending): Promise<void>;
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
  /** After how long a write that was answered, or that got lost, is seen if it ever is, in milliseconds. */
  readonly settlesWithinMs: number;
}
