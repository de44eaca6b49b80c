/** Baselines as they are asked for, recorded and shown. */
import { z } from 'zod';

import type { ErrorDocument } from '../core/errors/assay-error.js';
import { experimentNameSchema, projectIdSchema } from './names.js';
import type { Manifest } from './manifest.js';
import type { ExperimentStatus } from './records.js';

const ofProject = { project: projectIdSchema, name: experimentNameSchema };

/** What can be asked of baselines. */
export const baselineRequestSchema = z.discriminatedUnion('kind', [
  /** Keeps the scores of a run that has ended. */
  z.strictObject({
    kind: z.literal('save'),
    ...ofProject,
    /** The run's name. */
    run: experimentNameSchema,
    /** Gates of its dataset take it from now on. Default false. */
    promote: z.boolean().default(false),
  }),
  /** Gates of its dataset take it from now on. */
  z.strictObject({ kind: z.literal('promote'), ...ofProject }),
  /** Judges the stored outputs of its run with the evaluators of today, and keeps those scores. */
  z.strictObject({ kind: z.literal('rejudge'), ...ofProject }),
  /** Forgets it. Verdicts that were given against it stay. */
  z.strictObject({ kind: z.literal('delete'), ...ofProject }),
]);

export type BaselineRequest = z.output<typeof baselineRequestSchema>;
export type BaselineRequestInput = z.input<typeof baselineRequestSchema>;

/** One reason why a baseline cannot be compared with a run of today as a whole. */
export interface StaleReason {
  /** `dataset`, or `evaluators.` and a name. */
  readonly at: string;
  readonly message: string;
}

/** A baseline as it is recorded. */
export interface BaselineRecord {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly dataset: string;
  /** The name of the run that it was saved from. */
  readonly run: string;
  readonly experimentId: string;
  readonly runUid: string;
  readonly manifest: Manifest;
  readonly manifestHash: string;
  /** From 1; each renewal adds one. */
  readonly version: number;
  readonly cells: number;
  readonly promoted: boolean;
  readonly promotedAt: string | undefined;
  /** As the last gate that looked found it; empty where nothing has changed. */
  readonly stale: readonly StaleReason[];
  readonly staleAt: string | undefined;
  readonly createdAt: string;
  readonly renewedAt: string | undefined;
}

/** What came of a request: how the baseline stands, by its key, or what stands in the way. */
export type BaselineReply =
  | {
      /** `unchanged`: it was so already. */
      readonly outcome: 'saved' | 'promoted' | 'renewed' | 'unchanged' | 'deleted';
      readonly name: string;
      readonly cells: number;
      readonly version: number;
    }
  | { readonly outcome: 'rejected'; readonly error: ErrorDocument };

/** A run that has to end before a baseline can be renewed. */
export type RenewalStart =
  | { readonly state: 'judging' | 'ready'; readonly experimentId: string }
  | { readonly state: 'rejected'; readonly error: ErrorDocument };

/** How a run stands that is waited for. */
export interface RunLook {
  readonly status: ExperimentStatus;
  readonly ended: boolean;
  readonly error?: ErrorDocument;
}

/** The activities of baselines; workflows know them by these types only. */
export interface BaselineActivities {
  saveBaseline(request: BaselineRequest & { readonly kind: 'save' }): Promise<BaselineReply>;
  promoteBaseline(request: BaselineRequest & { readonly kind: 'promote' }): Promise<BaselineReply>;
  /** Asks for the re-judgement of the baseline's run; the same again attaches. */
  startRenewal(request: BaselineRequest & { readonly kind: 'rejudge' }): Promise<RenewalStart>;
  /** Keeps the scores that the run has now. */
  renewBaseline(request: BaselineRequest & { readonly kind: 'rejudge' }): Promise<BaselineReply>;
  deleteBaseline(request: BaselineRequest & { readonly kind: 'delete' }): Promise<BaselineReply>;
  lookAtRun(request: { readonly experimentId: string }): Promise<RunLook>;
}
