import { randomUUID } from 'node:crypto';

import type { Dataset } from './datasets/dataset.js';
import type { Feedback } from './feedback/feedback.js';
import type { FeedbackConfig } from './feedback/config.js';
import type { Repo } from './prompts/repo.js';
import type { PatchBody } from './runs/body.js';
import type { Run } from './runs/run.js';
import type { Session } from './sessions/session.js';

/** All that one tenant holds. Rows are never overwritten by a repeat, so that what would be doubled can be counted. */
export interface Workspace {
  readonly id: string;
  readonly handle: string | null;
  readonly createdAt: number;
  readonly datasets: Map<string, Dataset>;
  readonly sessions: Map<string, Session>;
  readonly runs: Map<string, Run>;
  /** Updates of runs that have not come yet. */
  readonly earlyPatches: Map<string, readonly PatchBody[]>;
  readonly feedback: Map<string, Feedback>;
  readonly feedbackConfigs: Map<string, FeedbackConfig>;
  readonly repos: Map<string, Repo>;
}

export function newWorkspace(handle: string | null, createdAt: number): Workspace {
  return {
    id: randomUUID(),
    handle,
    createdAt,
    datasets: new Map(),
    sessions: new Map(),
    runs: new Map(),
    earlyPatches: new Map(),
    feedback: new Map(),
    feedbackConfigs: new Map(),
    repos: new Map(),
  };
}
