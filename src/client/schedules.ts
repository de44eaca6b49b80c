import {
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleDescription,
  type ScheduleHandle,
} from '@temporalio/client';

import { schemaProblems } from '../contracts/schema-problems.js';
import {
  scheduleSpecSchema,
  type ScheduledInput,
  type ScheduleSpec,
  type ScheduleSpecInput,
} from '../contracts/schedule.js';
import { AssayError } from '../core/errors/assay-error.js';
import {
  scheduledWorkflowId,
  scheduledWorkflowType,
  scheduleId,
  taskQueues,
} from '../core/experiment/naming.js';
import { lastRuns, type ScheduledRun } from './schedule-last-run.js';
import { checkScheduledNames } from './scheduled-check.js';
import { attributesOf } from './search-attributes.js';
import { temporalUnreachable } from './temporal-failures.js';
import type { Transport } from './transport.js';

/** Which job. */
export interface ScheduleKey {
  readonly project: string;
  readonly job: string;
}

/** A job as callers see it. */
export interface ScheduleView {
  readonly project: string;
  readonly job: string;
  readonly cron: string;
  readonly timezone: string;
  readonly work: ScheduledInput['work'];
  readonly paused: boolean;
  readonly note: string | undefined;
  readonly catchupMs: number;
  /** The next times, at most three; ISO 8601. */
  readonly next: readonly string[];
  /** The last starts: when it was scheduled for, and when it was started. */
  readonly recent: readonly { readonly scheduledFor: string; readonly startedAt: string }[];
  /** What the last start came to; undefined where there was none. */
  readonly last: ScheduledRun | undefined;
  /** Times that were missed by more than may be caught up. */
  readonly missed: number;
}

export interface PutScheduleOptions {
  /**
   * Whether a worker of the project is asked if target, evaluators, dataset and base are there. Default true; without it a schedule can
   * be made before any worker is.
   */
  readonly check?: boolean;
}

/** Jobs that Temporal starts by the clock, one schedule for each job of a project. */
export interface Schedules {
  /**
   * Makes a job's schedule or replaces it; whether it is paused stays. What it names must be there.
   *
   * @throws AssayError SCHEDULE_INVALID with all problems at once, WORKER_MISSING, TEMPORAL_UNREACHABLE, PLATFORM_*
   */
  put(spec: ScheduleSpecInput, options?: PutScheduleOptions): Promise<'created' | 'updated'>;
  /** By name. What only Postgres remembers of their last runs is told as unknown where it does not answer. */
  list(project: string): Promise<readonly ScheduleView[]>;
  /** @throws AssayError SCHEDULE_NOT_FOUND */
  get(key: ScheduleKey): Promise<ScheduleView>;
  /** @throws AssayError SCHEDULE_NOT_FOUND */
  pause(key: ScheduleKey, reason?: string): Promise<void>;
  /** @throws AssayError SCHEDULE_NOT_FOUND */
  resume(key: ScheduleKey): Promise<void>;
  /** Runs the job now, as one of its own time; what runs already is waited for. @throws AssayError SCHEDULE_NOT_FOUND */
  trigger(key: ScheduleKey): Promise<void>;
  /**
   * Runs the job for each of its times in a range, one after the other; times that it was run for already are not run again.
   *
   * @throws AssayError SCHEDULE_NOT_FOUND, SCHEDULE_INVALID where the range is none
   */
  backfill(key: ScheduleKey, range: { readonly from: string; readonly to: string }): Promise<void>;
  /** What it has started goes on. @throws AssayError SCHEDULE_NOT_FOUND */
  delete(key: ScheduleKey): Promise<void>;
}

export function createSchedules(transport: Transport): Schedules {
  const on = async <Result>(
    key: ScheduleKey,
    work: (handle: ScheduleHandle) => Promise<Result>,
  ): Promise<Result> => {
    const client = await transport.temporal();
    try {
      return await work(client.schedule.getHandle(scheduleId(key.project, key.job)));
    } catch (error) {
      throw coded(error, key);
    }
  };
  /** For the jobs of one call. */
  const viewer = () => {
    const lastRunOf = lastRuns(transport);
    return async (seen: ScheduleDescription): Promise<ScheduleView> => {
      const shown = viewOf(seen);
      return { ...shown, last: await lastRunOf(shown, seen.info) };
    };
  };
  return {
    async put(input, { check = true } = {}) {
      const spec = parseSpec(input);
      const client = await transport.temporal();
      if (check) await checkScheduledNames(client, spec);
      return putSchedule(client, spec);
    },
    get: (key) => on(key, async (handle) => viewer()(await handle.describe())),
    pause: (key, reason = 'paused with assay') => on(key, (handle) => handle.pause(reason)),
    resume: (key) => on(key, (handle) => handle.unpause('resumed with assay')),
    trigger: (key) => on(key, (handle) => handle.trigger(ScheduleOverlapPolicy.BUFFER_ALL)),
    delete: (key) => on(key, (handle) => handle.delete()),
    backfill: (key, { from, to }) => {
      const range = { start: new Date(from), end: new Date(to) };
      const problems = rangeProblems(range);
      if (problems.length > 0) {
        throw new AssayError('SCHEDULE_INVALID', 'The range cannot be filled in.', { problems });
      }
      return on(key, (handle) =>
        // Not at once: a year of nights would be run side by side.
        handle.backfill({ ...range, overlap: ScheduleOverlapPolicy.BUFFER_ALL }),
      );
    },
    async list(project) {
      const client = await transport.temporal();
      const prefix = scheduleId(project, '');
      const view = viewer();
      const found: ScheduleView[] = [];
      try {
        for await (const { scheduleId: id } of client.schedule.list()) {
          if (!id.startsWith(prefix)) continue;
          // Listed a moment after it was deleted.
          const seen = await client.schedule.getHandle(id).describe().catch(tolerateGone);
          if (seen !== undefined) found.push(await view(seen));
        }
      } catch (error) {
        throw temporalUnreachable(error);
      }
      return found.sort((a, b) => (a.job < b.job ? -1 : 1));
    },
  };
}

const isNotFound = (error: unknown): boolean =>
  (error as { name?: unknown }).name === 'ScheduleNotFoundError';

function tolerateGone(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}

function coded(error: unknown, { project, job }: ScheduleKey): unknown {
  if (!isNotFound(error)) return temporalUnreachable(error);
  return new AssayError('SCHEDULE_NOT_FOUND', `The project "${project}" has no job "${job}".`, {
    mend: 'See `assay schedule list`.',
    cause: error,
  });
}

/** @throws AssayError SCHEDULE_INVALID with all problems at once. */
function parseSpec(input: ScheduleSpecInput): ScheduleSpec {
  const parsed = scheduleSpecSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new AssayError('SCHEDULE_INVALID', 'The schedule has problems.', {
    problems: schemaProblems(parsed.error, 'schedule'),
  });
}

function rangeProblems({ start, end }: { start: Date; end: Date }) {
  const problems = (['from', 'to'] as const).flatMap((at) =>
    Number.isNaN((at === 'from' ? start : end).getTime())
      ? [{ at, message: 'is no moment: write ISO 8601, as 2026-01-31T00:00:00Z' }]
      : [],
  );
  if (problems.length > 0) return problems;
  return start < end ? [] : [{ at: 'to', message: 'must be later than from' }];
}

async function putSchedule(client: Client, spec: ScheduleSpec): Promise<'created' | 'updated'> {
  const { project, job, cron, timezone, catchupMs, note, work } = spec;
  const input: ScheduledInput = { project, job, cron, timezone, work };
  const typedSearchAttributes = attributesOf(project, 'schedule');
  const options = {
    spec: { cronExpressions: [cron], timezone },
    action: {
      type: 'startWorkflow' as const,
      workflowType: scheduledWorkflowType,
      workflowId: scheduledWorkflowId(project, job),
      taskQueue: taskQueues(project).orchestration,
      args: [input],
      staticSummary: `${work.kind} of ${work.head.target} by schedule ${job}`,
      typedSearchAttributes,
    },
    policies: {
      // One after the other, and none left out: each night has its own verdict.
      overlap: ScheduleOverlapPolicy.BUFFER_ALL,
      catchupWindow: catchupMs,
    },
    typedSearchAttributes,
  };
  try {
    await client.schedule.create({
      ...options,
      scheduleId: scheduleId(project, job),
      ...(note === undefined ? {} : { state: { note } }),
    });
    return 'created';
  } catch (error) {
    if ((error as { name?: unknown }).name !== 'ScheduleAlreadyRunning') {
      throw refusedSpec(error);
    }
  }
  try {
    await client.schedule.getHandle(scheduleId(project, job)).update(({ state }) => ({
      ...options,
      state: { paused: state.paused, ...(note === undefined ? {} : { note }) },
    }));
    return 'updated';
  } catch (error) {
    throw refusedSpec(error);
  }
}

/** What the server says of a schedule that we thought well of. */
function refusedSpec(error: unknown): unknown {
  const { code, cause, details } = error as { code?: unknown; cause?: unknown; details?: unknown };
  const inner = cause as { code?: unknown; details?: unknown } | undefined;
  // gRPC: 3 invalid argument.
  if (code !== 3 && inner?.code !== 3) return temporalUnreachable(error);
  const told = [details, inner?.details].find((each) => typeof each === 'string');
  return new AssayError('SCHEDULE_INVALID', 'Temporal refuses the schedule.', {
    problems: [{ at: 'schedule', message: told ?? 'no reason given' }],
    cause: error,
  });
}

function viewOf(seen: ScheduleDescription): Omit<ScheduleView, 'last'> {
  // Made by `put`: nothing else makes schedules of this prefix.
  const [input] = (seen.action as { args?: unknown[] }).args as [ScheduledInput];
  const { project, job, cron, timezone, work } = input;
  const { info, policies, state } = seen;
  return {
    project,
    job,
    cron,
    timezone,
    work,
    paused: state.paused,
    note: state.note,
    catchupMs: policies.catchupWindow,
    next: info.nextActionTimes.slice(0, 3).map((at) => at.toISOString()),
    recent: info.recentActions.map(({ scheduledAt, takenAt }) => ({
      scheduledFor: scheduledAt.toISOString(),
      startedAt: takenAt.toISOString(),
    })),
    missed: info.numActionsMissedCatchupWindow,
  };
}
