/** What goes through Temporal for a gate: names, small figures, never a score of a cell. */
import { z } from 'zod';

import type { ErrorDocument, Problem } from '../core/errors/assay-error.js';
import type { EarlyStop } from '../core/regression/stopped.js';
import type { SubmitReply } from './experiment-protocol.js';
import { experimentSpecSchema, type ExperimentSpec } from './experiment-spec.js';
import { gateSettingsSchema, type GatePolicy } from './gate.js';
import { experimentNameSchema, projectIdSchema, resourceNameSchema } from './names.js';
import type { ScheduledInput } from './schedule.js';

/** The name of a gate; the run of its base has five characters more. */
export const gateNameSchema = experimentNameSchema.max(
  195,
  'the name of a gate is longer than 195 characters',
);

/** What is tested: a run that the gate starts, or one that has ended. */
const headSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('start'), spec: experimentSpecSchema }),
  z.strictObject({ kind: z.literal('run'), name: experimentNameSchema }),
]);

/** What it is compared with. */
const baseSchema = z.discriminatedUnion('kind', [
  /** Default: the promoted one of the dataset. */
  z.strictObject({ kind: z.literal('baseline'), name: experimentNameSchema.optional() }),
  /** A run that has ended. */
  z.strictObject({ kind: z.literal('run'), name: experimentNameSchema }),
  /** A run that the gate starts: as that of the head, with another target. */
  z.strictObject({ kind: z.literal('start'), target: resourceNameSchema }),
]);

/** What a caller asks of a gate. */
export const gateRequestSchema = z
  .strictObject({
    project: projectIdSchema,
    /** Unique in the project. The same name with the same request is the same gate. */
    name: gateNameSchema,
    head: headSchema,
    base: baseSchema.prefault({ kind: 'baseline' }),
    /** Win over those of the config. */
    settings: gateSettingsSchema.prefault({}),
    /** Whether the verdict is written to the head's report and to the platform. Default true. */
    publish: z.boolean().default(true),
  })
  .refine(({ head, base }) => head.kind === 'start' || base.kind !== 'start', {
    path: ['base'],
    message: 'a run that has ended is compared with a baseline or with another that has ended',
  })
  .refine(({ project, head }) => head.kind === 'run' || head.spec.project === project, {
    path: ['head', 'spec', 'project'],
    message: 'is another project than that of the gate',
  })
  .refine(({ head, settings }) => head.kind === 'start' || settings.earlyStop !== true, {
    path: ['settings', 'earlyStop'],
    message: 'a run that has ended cannot be ended early',
  });

export type GateRequest = z.output<typeof gateRequestSchema>;
export type GateRequestInput = z.input<typeof gateRequestSchema>;

export type Verdict = 'pass' | 'regress' | 'inconclusive';

/** What stands behind one side of a gate. */
export type GateSide =
  | {
      readonly kind: 'run';
      readonly experimentId: string;
      readonly name: string;
      /** Where the gate starts it. */
      readonly spec?: ExperimentSpec;
    }
  | {
      readonly kind: 'baseline';
      readonly baselineId: string;
      readonly name: string;
      readonly version: number;
      /** The run that it was saved from. */
      readonly run: string;
    };

/** What was admitted. */
export interface GatePlan {
  readonly policy: GatePolicy;
  readonly head: GateSide & { readonly kind: 'run' };
  readonly base: GateSide;
  readonly publish: boolean;
}

/** How a gate ended, as the workflow's result says it; the comparison itself stands in Postgres. */
export type GateOutcome =
  | {
      readonly outcome: 'decided';
      readonly gateId: string;
      readonly verdict: Verdict;
      /** One line that says why. */
      readonly headline: string;
    }
  /** It could not be decided: a run failed, or dataset or judges had changed. */
  | { readonly outcome: 'failed'; readonly gateId: string; readonly error: ErrorDocument }
  /** Nothing was begun. */
  | { readonly outcome: 'rejected'; readonly error: ErrorDocument };

export type GateAdmission =
  | { readonly outcome: 'admitted'; readonly gateId: string; readonly plan: GatePlan }
  /** This very gate has been decided. */
  | { readonly outcome: 'known'; readonly result: GateOutcome }
  | { readonly outcome: 'rejected'; readonly error: ErrorDocument };

/** What deciding came to, and where the verdict is to be sent. */
export type GateDecision =
  | {
      readonly outcome: 'decided';
      readonly verdict: Verdict;
      readonly headline: string;
      readonly platforms: readonly string[];
    }
  | { readonly outcome: 'refused'; readonly error: ErrorDocument };

/** The input of the workflow. */
export interface RegressionInput {
  readonly request: GateRequest;
  /** What an execution before this one had admitted. */
  readonly admitted?: { readonly gateId: string; readonly plan: GatePlan };
}

/** How the head of a gate stands. */
export interface HeadLook {
  readonly ended: boolean;
  /** Present where the cells that have not ended would not change the verdict. */
  readonly settled?: EarlyStop;
}

/** Whether what a schedule names is there: all that is not, or what stands in the way of looking. */
export type ScheduledCheck =
  { readonly problems: readonly Problem[] } | { readonly error: ErrorDocument };

/** The activities of gates; the workflow knows them by these types only. */
export interface GateActivities {
  /** Looks whether what a job of a schedule names is there. */
  checkScheduled(request: Pick<ScheduledInput, 'project' | 'work'>): Promise<ScheduledCheck>;
  /** Finds all that can be wrong before a run exists, and records the gate. */
  admitGate(request: { readonly request: GateRequest }): Promise<GateAdmission>;
  /** Sends a submission to the run's own workflow, as a caller would: the same again attaches. */
  submitRun(request: { readonly spec: ExperimentSpec }): Promise<SubmitReply>;
  /** Looks whether the head has ended, and whether what has ended of it settles the verdict. */
  lookAtHead(request: { readonly gateId: string }): Promise<HeadLook>;
  /** Asks the head's run to start nothing more. One that is ending anyway is left alone. */
  stopHead(request: {
    readonly gateId: string;
    readonly project: string;
    readonly name: string;
    readonly settled: EarlyStop;
  }): Promise<void>;
  /** Compares both sides and records the verdict with all that is to be sent of it, once. */
  decideGate(request: { readonly gateId: string }): Promise<GateDecision>;
  /** Looks whether the platform shows the verdict. */
  verifyVerdict(request: {
    readonly gateId: string;
    readonly platform: string;
  }): Promise<{ readonly complete: boolean }>;
  /** Records the end: that of a verdict that was sent, or why there is none. */
  finishGate(request: {
    readonly gateId: string;
    readonly error?: ErrorDocument;
  }): Promise<GateOutcome>;
}
