import { z } from 'zod';

import { priorities } from '../core/experiment/priority.js';
import { traceModes } from '../core/experiment/trace-mode.js';
import { backendSchema, platformNameSchema } from './backend.js';
import { experimentNameSchema, projectIdSchema, resourceNameSchema } from './names.js';

/** In words of ours: what a person typed comes back with it. */
const wholeNumber = (least: number, most: number) => {
  const range = `must be a whole number from ${least} to ${most}`;
  return z.int(range).min(least, range).max(most, range);
};

/** How often and how patiently a transient failure of a target or evaluator is tried again inside a cell. */
export const retrySettingsSchema = z.strictObject({
  /** Tries in all, the first one included. Default 4. */
  maxAttempts: wholeNumber(1, 20).optional(),
  /** The wait before the second try; doubles each time, with jitter. Default 500 ms. */
  initialDelayMs: z.int().min(1).max(60_000).optional(),
  /** The longest wait inside a batch; a longer one asked by the server becomes a timer. Default 30 s. */
  maxDelayMs: z.int().min(1).max(30_000).optional(),
});

/** What goes first where a provider has less to give than is asked for (durability: probes and alerts before all of these). */
export const prioritySchema = z.enum(priorities);

/**
 * Where the traces and scores of a run go. With `none` nothing of it is written to any platform: its cells, scores and report
 * stand in Postgres.
 */
export const traceModeSchema = z.enum(traceModes);

/** When a run is stopped early: more failed cells (target and evaluator errors) than this. */
export const maxFailuresSchema = z.union([
  z.strictObject({ count: z.int().min(0) }),
  /** Of the planned cells, 0 to 1; looked at once at least 20 cells have ended. */
  z.strictObject({ share: z.number().min(0).max(1) }),
]);

/** A stratified sample instead of the whole dataset: says so in the report, the manifest and on the platform. */
export const quickSchema = z.strictObject({
  /** How many items. */
  items: wholeNumber(1, 1_000_000),
  /** What the strata are: a JSON pointer into the item, such as `/expected/category`. Default: found by itself. */
  by: z
    .string()
    .regex(/^\/.+$/, 'a JSON pointer such as /metadata/language')
    .optional(),
});

/** What a user asks for when starting an experiment. Names point into the project's assay.config.ts. */
export const experimentSpecSchema = z.strictObject({
  project: projectIdSchema,
  /** Unique in the project. The same name with the same content is the same run. */
  name: experimentNameSchema,
  dataset: z.strictObject({
    name: resourceNameSchema,
    /** A moment of the dataset on the platform; only for datasets that live there. Default: now, pinned. */
    version: z.iso.datetime().optional(),
    /** Which platform it lives on, of a run on several; default: the first that has it, pinned. */
    source: platformNameSchema.optional(),
  }),
  target: resourceNameSchema,
  /** Default: the evaluators that the target names in the config, else all of the config. */
  evaluators: z.array(resourceNameSchema).min(1).max(50).optional(),
  /** How often each item is run. Default 1. */
  repetitions: wholeNumber(1, 100).default(1),
  /** Cells in flight at once. Default 16. */
  concurrency: wholeNumber(1, 2_000).default(16),
  /** Decides the order in which cells run. Default 1. */
  seed: wholeNumber(0, 2_147_483_647).default(1),
  /** How much of what was published is read back. Default full. */
  verify: z.enum(['full', 'sample', 'off']).default('full'),
  /** Default: the target's own in the config, else the project's, else `platform`. Not part of the manifest. */
  trace: traceModeSchema.optional(),
  /** Default: the target's own in the config, else the defaults of the policy. */
  retry: retrySettingsSchema.prefault({}),
  /** Default bulk; the CLI says interactive at a terminal and ci under CI. Not part of the manifest. */
  priority: prioritySchema.default('bulk'),
  /**
   * Dollars that the run's model calls may cost in all. At the cap the run pauses until the budget is raised. Every model
   * that is called must have a known price. Default: no limit. Not part of the manifest.
   */
  budgetUsd: z.number().positive().max(1_000_000).optional(),
  /** Default: a run goes on however many cells fail. Not part of the manifest. */
  maxFailures: maxFailuresSchema.optional(),
  quick: quickSchema.optional(),
  /**
   * Where it is published. Default: the config's `platform.backend`, pinned at the submission. Not part of the manifest, since
   * it decides no result; yet a run of a name is published where it was first said.
   */
  backend: backendSchema.optional(),
  /** Take cells whose own content is unchanged from earlier runs of the project. Default false. Not part of the manifest. */
  reuse: z.boolean().default(false),
  timeouts: z
    .strictObject({
      /**
       * The longest a target may take for one cell: its own time and that of its requests. The clock stands still while
       * one of its calls waits for the journal, for a provider that asked to wait, or before a retry. Default: the
       * target's own in the config, else 120 s.
       */
      targetMs: z.int().min(1).max(3_600_000).optional(),
      /** The same for one evaluator. Default 120 s. */
      evaluatorMs: z.int().min(1).max(3_600_000).default(120_000),
      /** How long the read-back may take before the run ends as completed_unverified. Default 120 s. */
      verifyMs: z.int().min(1_000).max(86_400_000).default(120_000),
    })
    .prefault({}),
  description: z.string().max(2_000).optional(),
});

/** A parsed specification: every default filled in. */
export type ExperimentSpec = z.output<typeof experimentSpecSchema>;
/** A specification as a caller writes it. */
export type ExperimentSpecInput = z.input<typeof experimentSpecSchema>;
/** What was asked of a retry policy; what is absent is decided by the target or by default. */
export type RetrySettings = z.output<typeof retrySettingsSchema>;
/** A whole policy. */
export type RetryPolicy = {
  readonly [Setting in keyof RetrySettings]-?: NonNullable<RetrySettings[Setting]>;
};
export type TraceMode = z.output<typeof traceModeSchema>;
export type Priority = z.output<typeof prioritySchema>;
export type MaxFailures = z.output<typeof maxFailuresSchema>;
