/** What goes through Temporal when prompts are pushed and their labels moved. */
import { z } from 'zod';

import type { ErrorDocument } from '../core/errors/assay-error.js';
import { labelProblem } from '../core/prompts/labels.js';
import { backendSchema, type Backend } from './backend.js';
import { projectIdSchema } from './names.js';
import { promptContentSchema, promptNameSchema } from './prompt.js';

const labelSchema = z.string().superRefine((label, context) => {
  const message = labelProblem(label);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const oneLine = (max: number) =>
  z
    .string()
    .max(max)
    // eslint-disable-next-line no-control-regex -- these are what must not reach a terminal
    .refine((text) => !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u.test(text), 'is not one line')
    .refine((text) => text.isWellFormed(), 'holds half a surrogate pair');

const common = {
  project: projectIdSchema,
  /** As the platforms call it. */
  name: promptNameSchema,
  /** Default: as the worker's config says. */
  backend: backendSchema.optional(),
  /** Who asks, as given: recorded, not proved. */
  actor: oneLine(200).min(1),
  reason: oneLine(1_000).optional(),
};

export const pushPromptSchema = z.strictObject({
  ...common,
  content: promptContentSchema,
  contentHash: z.string().regex(/^[0-9a-f]{64}$/),
  labels: z.array(labelSchema).max(50).default([]),
  tags: z.array(z.string().min(1).max(100)).max(50).optional(),
});
export type PushPrompt = z.output<typeof pushPromptSchema>;
export type PushPromptInput = z.input<typeof pushPromptSchema>;

const gateDemandSchema = z.strictObject({
  /** Only of this gate, or against this base. */
  name: z.string().min(1).max(200).optional(),
  /** A verdict that is older counts no more. Default 30. */
  maxAgeDays: z.number().positive().max(3_650).default(30),
});

export const movePromptLabelSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('promote'),
    ...common,
    label: labelSchema,
    /** Which version gets it. */
    to: z.union([
      z.strictObject({ version: z.string().min(1).max(100) }),
      z.strictObject({ label: z.string().min(1).max(36) }),
    ]),
    /** Refuses where no passing gate stands for the content of the version. */
    gate: gateDemandSchema.optional(),
  }),
  /** Back to the version that had it before. */
  z.strictObject({ kind: z.literal('rollback'), ...common, label: labelSchema }),
]);
export type MovePromptLabel = z.output<typeof movePromptLabelSchema>;
export type MovePromptLabelInput = z.input<typeof movePromptLabelSchema>;

/** A label as it was moved. */
export interface MovedLabel {
  readonly label: string;
  readonly moved: boolean;
  /** Absent where nobody had it. */
  readonly from?: string;
  readonly to: string;
}

/** What became of a prompt on one platform. */
export type PushedPrompt =
  | {
      readonly platform: string;
      readonly outcome: 'created' | 'unchanged';
      readonly version: string;
      readonly labels: readonly MovedLabel[];
      /** What could not be brought into step, in a sentence each. */
      readonly notes: readonly string[];
    }
  | { readonly platform: string; readonly outcome: 'failed'; readonly error: ErrorDocument };

/** What a push would do on one platform. */
export interface ForeseenPush {
  readonly platform: string;
  readonly outcome: 'create' | 'unchanged';
  /** Absent where the platform does not say beforehand how it will call a new one. */
  readonly version?: string;
  /** The labels that would be put on it, and from which version they would be taken. */
  readonly labels: readonly { readonly label: string; readonly from?: string }[];
  readonly notes: readonly string[];
}

export type MovedPrompt =
  | ({
      readonly platform: string;
      readonly outcome: 'moved' | 'unchanged';
      readonly contentHash: string;
      /** The gate that let it pass. */
      readonly gate?: string;
    } & MovedLabel)
  | { readonly platform: string; readonly outcome: 'failed'; readonly error: ErrorDocument };

/** The result of the workflows. */
export interface PromptReply<Outcome> {
  readonly name: string;
  readonly platforms: readonly Outcome[];
}

/** A recorded move of a label. */
export interface PromptMove {
  readonly platform: string;
  readonly prompt: string;
  readonly label: string;
  readonly kind: 'push' | 'promote' | 'rollback';
  readonly from?: string;
  readonly to: string;
  readonly contentHash: string;
  readonly gate?: string;
  readonly reason?: string;
  readonly actor: string;
  readonly askedAt: string;
  /** Absent where it is not known whether the platform did it. */
  readonly doneAt?: string;
}

/** What one platform is asked for. */
export interface OnPlatform<Request> {
  readonly request: Request;
  readonly platform: string;
  /** Of this command: repetitions of it move no label twice. */
  readonly key: string;
}

/** What a queue is asked for. */
export type PromptCommand = {
  /** Of this command: repetitions of it move no label twice. */
  readonly key: string;
} & (
  | { readonly kind: 'push'; readonly request: PushPrompt }
  | { readonly kind: 'move'; readonly request: MovePromptLabel }
);

/** Whose queue it is. */
export interface PromptQueueInput {
  readonly project: string;
  readonly name: string;
  readonly platform: string;
}

/** What a queue says of itself. */
export interface PromptQueueProgress {
  /** What the platform is waited for with, where it is. */
  readonly waiting?: string;
}

export interface ChoosePromptPlatforms {
  readonly project: string;
  /** Default: as the worker's config says. */
  readonly backend?: Backend;
  /** Whether it is asked as well where the worker's keys lead. */
  readonly places?: boolean;
}

/** The project (of LangSmith, the workspace) that a worker's keys lead to, as its server says. Nothing of the keys is in it. */
export interface KeyPlace {
  readonly platform: string;
  readonly url: string;
  readonly projectId: string;
  readonly projectName: string;
}

/** What a worker has keys for. */
export interface WorkerPlatforms {
  readonly platforms: readonly string[];
  /** Where they lead, where that was asked and the server answered; workers of earlier builds do not say. */
  readonly places?: readonly KeyPlace[];
}

/** Where a command goes, or why nothing is done anywhere. */
export type ChosenPlatforms = WorkerPlatforms | { readonly error: ErrorDocument };

/** The activities of prompts; the workflow knows them by these types only. */
export interface PromptActivities {
  /** The platforms that a backend means; without one, that of the worker's config. */
  choosePlatforms(request: {
    readonly backend?: Backend;
    readonly places?: boolean;
  }): Promise<WorkerPlatforms>;
  pushPrompt(on: OnPlatform<PushPrompt>): Promise<PushedPrompt>;
  movePromptLabel(on: OnPlatform<MovePromptLabel>): Promise<MovedPrompt>;
}
