import type { PassRecord } from '../../contracts/pass.js';

/** When a run began and ended, with what was asked of it after its end, the oldest first. ISO 8601. */
export interface RunTimes {
  readonly startedAt: string;
  readonly endedAt: string;
  readonly passes: readonly Pick<PassRecord, 'createdAt' | 'finishedAt' | 'details'>[];
}

/** How long a run was at work, in milliseconds: a retry on the next morning makes no run of seconds one of a night. */
export function workMs({ startedAt, endedAt, passes }: RunTimes): number {
  const [first] = passes;
  const ownEnd = first === undefined ? endedAt : (first.details.finishedBefore ?? first.createdAt);
  return passes.reduce(
    (sum, pass) => sum + between(pass.createdAt, pass.finishedAt ?? endedAt),
    between(startedAt, ownEnd),
  );
}

const between = (from: string, until: string): number =>
  Math.max(0, Date.parse(until) - Date.parse(from));
