import { z } from 'zod';

import type { ErrorDocument } from '../core/errors/assay-error.js';
import { resourceNameSchema } from './names.js';
import type { EvaluatorIdentity } from './manifest.js';
import type { CellCounts, ExperimentStatus } from './records.js';

/** What can be asked of a run that has ended. Each such command is one more pass over the run. */
export const passRequestSchema = z.discriminatedUnion('kind', [
  /** Runs failed cells again, as new revisions; what of a cell was fine is kept. */
  z.strictObject({
    kind: z.literal('retry'),
    /** Also cells that a cancelled or failed run has skipped. Default false. */
    includeSkipped: z.boolean().default(false),
  }),
  /** Judges stored outputs again; no target is called. */
  z
    .strictObject({
      kind: z.literal('rejudge'),
      /** Which evaluators of today's config judge. Default: those that are new or changed since the run. */
      evaluators: z.array(resourceNameSchema).min(1).max(50).optional(),
      /** All evaluators of today's config, the unchanged too. Default false. */
      all: z.boolean().default(false),
    })
    .refine(({ evaluators, all }) => evaluators === undefined || !all, {
      path: ['all'],
      message: 'all of them, or those that are named: not both',
    }),
  /** Runs more repetitions of each item. */
  z.strictObject({
    kind: z.literal('extend'),
    /** How often each item is run in all. */
    repetitions: z
      .int('must be a whole number')
      .min(2, 'must be at least 2: every run has one repetition')
      .max(100, 'must be at most 100'),
  }),
  /** Reads the platforms again. */
  z.strictObject({
    kind: z.literal('verify'),
    /** Send again what they do not show. Default false. */
    repair: z.boolean().default(false),
  }),
]);

export type PassRequest = z.output<typeof passRequestSchema>;
export type PassRequestInput = z.input<typeof passRequestSchema>;
export type PassKind = PassRequest['kind'];

/** What a kind of pass changed of the run's content. */
export interface PassDetails {
  /** Of a re-judgement: the evaluators that judged, as they were before (absent where new) and are now. */
  readonly evaluators?: readonly {
    readonly name: string;
    readonly before?: EvaluatorIdentity;
    readonly after: EvaluatorIdentity;
  }[];
  /** Of an extension. */
  readonly repetitions?: { readonly before: number; readonly after: number };
  /** When the run had ended before it; absent in records of older versions. */
  readonly finishedBefore?: string;
}

/** How the rows of a pass ended, and what it took off the platforms. */
export interface PassOutcome {
  readonly cells: CellCounts;
  /** Traces and scores that were asked to go and went, and those that the platform would not delete. */
  readonly deleted: number;
  readonly notDeleted: number;
}

/** One pass over a run, as it is recorded. */
export interface PassRecord {
  /** From 2; the run itself is the first. */
  readonly pass: number;
  readonly kind: PassKind;
  readonly request: PassRequest;
  readonly statusBefore: ExperimentStatus;
  readonly errorBefore: ErrorDocument | undefined;
  /** Cells that it runs or judges. */
  readonly cells: number;
  readonly details: PassDetails;
  readonly createdAt: string;
  readonly finishedAt: string | undefined;
  readonly statusAfter: ExperimentStatus | undefined;
  readonly outcome: PassOutcome | undefined;
}

/** The answer to a command on a run that has ended. */
export type ReopenReply =
  | {
      /** `attached`: this very command was being carried out already. */
      readonly outcome: 'started' | 'attached';
      readonly experimentId: string;
      readonly pass: number;
      readonly kind: PassKind;
      readonly cells: number;
    }
  | { readonly outcome: 'rejected'; readonly error: ErrorDocument }
  /** The execution that took the command is about to end and starts nothing more: send it again. */
  | { readonly outcome: 'ending' };

/** What a workflow carries of the pass that it drives. */
export interface PassRef {
  readonly number: number;
  readonly kind: PassKind;
  /** Of another look at the platform: whether what is missing is sent again. */
  readonly repair?: boolean;
}
