/** Jobs of a project that Temporal starts by the clock. */
import { z } from 'zod';

import { cronProblem, isTimeZone } from '../core/schedule/cron.js';
import { experimentSpecSchema } from './experiment-spec.js';
import { gateSettingsSchema } from './gate.js';
import { experimentNameSchema, projectIdSchema, resourceNameSchema } from './names.js';

/** What a job does each time; its runs are named after the time that they were scheduled for. */
export const scheduledWorkSchema = z.discriminatedUnion('kind', [
  /** A gate: a run of the target, compared with its base. */
  z.strictObject({
    kind: z.literal('gate'),
    head: experimentSpecSchema.omit({ project: true, name: true }),
    base: z
      .discriminatedUnion('kind', [
        /** Default: the one that is promoted at that time. */
        z.strictObject({ kind: z.literal('baseline'), name: experimentNameSchema.optional() }),
        z.strictObject({ kind: z.literal('run'), name: experimentNameSchema }),
        z.strictObject({ kind: z.literal('start'), target: resourceNameSchema }),
      ])
      .prefault({ kind: 'baseline' }),
    settings: gateSettingsSchema.prefault({}),
  }),
]);

/** A job and when it runs. One schedule for each project and job: the same job again replaces it. */
export const scheduleSpecSchema = z.strictObject({
  project: projectIdSchema,
  /** The name of the job. */
  job: resourceNameSchema,
  /** Five fields, as `30 2 * * 1-5`, or one of @hourly, @daily, @weekly, @monthly, @yearly. */
  cron: z
    .string()
    .max(200)
    .superRefine((text, context) => {
      const problem = cronProblem(text);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    }),
  /** An IANA name. Default UTC. */
  timezone: z
    .string()
    .max(100)
    .refine(isTimeZone, { message: 'is no time zone: give an IANA name such as Europe/Berlin' })
    .default('UTC'),
  /** What was missed while Temporal was away is made up for where it is no older than this. Default one day. */
  catchupMs: z
    .int()
    .min(10_000, 'at least ten seconds')
    .max(31_536_000_000, 'at most a year')
    .default(86_400_000),
  /** Shown in the Temporal UI. */
  note: z.string().max(500).optional(),
  work: scheduledWorkSchema,
});

export type ScheduledWork = z.output<typeof scheduledWorkSchema>;
export type ScheduleSpec = z.output<typeof scheduleSpecSchema>;
export type ScheduleSpecInput = z.input<typeof scheduleSpecSchema>;

/** What the workflow starts with that a schedule starts; the moment comes from Temporal. */
export type ScheduledInput = Pick<ScheduleSpec, 'project' | 'job' | 'cron' | 'timezone' | 'work'>;
