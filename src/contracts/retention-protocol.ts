/** What goes through Temporal when old runs give up their bodies. */

/** Which runs. */
export interface PruneRequest {
  readonly project: string;
  /** ISO 8601: runs that ended before. Fixed by the caller, so that a retry means the same runs. */
  readonly finishedBefore: string;
}

/** What a prune came to. */
export interface PruneReply {
  readonly runs: number;
  readonly cells: number;
  /** As they lay on disk; the space is free for new rows once Postgres has vacuumed. */
  readonly bytes: number;
}

/** The activities of retention; the workflow knows them by these types only. */
export interface RetentionActivities {
  /** Prunes up to so many runs; `more` where others are left. */
  pruneRuns(
    request: PruneRequest & { readonly limit: number },
  ): Promise<PruneReply & { readonly more: boolean }>;
}
