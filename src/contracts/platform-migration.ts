/** What goes through Temporal when things are moved from one platform to another: names, counts, reasons; never a body. */
import { z } from 'zod';

import type { ErrorDocument } from '../core/errors/assay-error.js';
import { moveDirections, moveParts } from '../core/migration/parts.js';
import type { DrainReply } from './experiment-protocol.js';
import { projectIdSchema, resourceNameSchema } from './names.js';

export type MoveDirection = (typeof moveDirections)[number];

/** What can be moved. */
export type MovePart = (typeof moveParts)[number];

const names = z.array(z.string().min(1).max(1_000)).max(1_000).optional();

/** What a caller asks of a move. */
export const platformMigrationSchema = z
  .strictObject({
    project: projectIdSchema,
    /** One name is one move: the same request again goes on with it. */
    name: resourceNameSchema,
    direction: z.enum(moveDirections),
    /** Default: all that the direction knows. */
    only: z.array(z.enum(moveParts)).min(1).optional(),
    /** Only these, by name or pattern (`*`, `?`). Default: all. Experiments are those that ran over them. */
    datasets: names,
    prompts: names,
    /** Only these experiments. */
    experiments: names,
    /** Only these projects of traces, and experiments of these names. */
    projects: names,
    /** Only traces that began then or later. */
    since: z.iso.datetime({ offset: true }).optional(),
    /** What becomes of what stands on the target with another content. */
    onConflict: z.enum(['skip', 'overwrite']).default('skip'),
    /** Look at the source only; write nothing there or here but the inventory. */
    dryRun: z.boolean().default(false),
    /** How long a platform may be away before the move is given up. Default 6 hours. */
    patienceMs: z
      .int()
      .min(0)
      .max(7 * 86_400_000)
      .default(6 * 3_600_000),
  })
  .refine(
    ({ direction, only }) =>
      direction === 'langsmith-to-langfuse' ||
      !(only ?? []).some((part) => part === 'experiments' || part === 'traces'),
    { path: ['only'], message: 'only datasets and prompts are moved in this direction' },
  )
  .superRefine((spec, context) => {
    const parts = partsOf(spec);
    for (const [field, needed] of choices) {
      if (spec[field] === undefined || needed.some((part) => parts.includes(part))) continue;
      context.addIssue({
        code: 'custom',
        path: [field],
        message: `chooses among ${needed.join(' and ')}, which this move does not move`,
      });
    }
  });

/** What chooses among things, and the parts that they are of. */
const choices = [
  ['datasets', ['datasets', 'experiments']],
  ['prompts', ['prompts']],
  ['experiments', ['experiments']],
  ['projects', ['experiments', 'traces']],
  ['since', ['experiments', 'traces']],
] as const satisfies readonly (readonly [string, readonly MovePart[]])[];

export type PlatformMigrationSpec = z.output<typeof platformMigrationSchema>;
export type PlatformMigrationInput = z.input<typeof platformMigrationSchema>;

/** A kind of thing, as its rows are named. */
export type MovedKind =
  | 'dataset'
  | 'item'
  | 'prompt'
  | 'prompt_version'
  | 'prompt_label'
  | 'experiment'
  | 'project'
  | 'trace'
  | 'score';

/** What a move does, in this order. */
export type MoveStep = 'inventory' | 'datasets' | 'prompts' | 'traces' | 'verifying' | 'done';

/** One side of a move, as it says of itself. */
export interface MoveSide {
  readonly platform: string;
  readonly url: string;
  readonly version: string;
  readonly generation: 'v4' | 'v3' | 'langsmith';
  readonly projectId: string;
  readonly projectName: string;
}

/** A reason, how often it holds, and some of what it holds for. */
export interface MoveReason {
  readonly reason: string;
  readonly count: number;
  readonly names: readonly string[];
}

/** How the things of one kind stand. */
export interface MoveFigures {
  readonly kind: MovedKind;
  /** On the source. In a dry run what the source counts itself, where nothing was read. */
  readonly found: number;
  /** By this move. */
  readonly written: number;
  /** On the target before. */
  readonly stood: number;
  /** Read back, and equal. */
  readonly verified: number;
  readonly left: readonly MoveReason[];
  /** Read back otherwise, or not at all. */
  readonly differing: readonly MoveReason[];
  /** Parts of what was carried that could not be. */
  readonly notCarried: readonly MoveReason[];
}

/** How far a move is, and at its end whether both sides agree. */
export interface MoveReport {
  readonly name: string;
  readonly direction: MoveDirection;
  readonly dryRun: boolean;
  /** `planned` is a dry run's end, `verified` a move's where all that was carried reads back equal, else `differs`; a `cancelled` one goes on when it is asked for again. */
  readonly status: 'running' | 'planned' | 'verified' | 'differs' | 'failed' | 'cancelled';
  readonly source?: MoveSide;
  readonly target?: MoveSide;
  readonly waiting?: string;
  readonly error?: ErrorDocument;
  readonly kinds: readonly MoveFigures[];
  /** Requests whose answer was lost and that were sent again after a fruitless search. */
  readonly resends: number;
  readonly startedAt: string;
  readonly updatedAt: string;
}

/** What one slice of a move came to. */
export interface MoveSlice {
  readonly step: MoveStep;
  /** Things that were settled in it; silence is none. */
  readonly progress: number;
  /** For people: `dataset "tickets": 300 items`. */
  readonly at: string;
  /** The platform is away, or asks to wait. */
  readonly away?: { readonly error: ErrorDocument; readonly waitMs: number };
  /** Some of what was sent is not shown yet; look again. */
  readonly unseen?: number;
}

export interface MoveSliceRequest {
  readonly migrationId: string;
  readonly step: MoveStep;
  /** It returns after so long, so that people see how far it is. */
  readonly sliceMs: number;
  /** Of verifying: what is not shown by now will not be. */
  readonly lastLook?: boolean;
}

export interface PlatformMigrationActivities {
  /** Records the move, and that the keys are of the projects that it began with. */
  beginMove(
    spec: PlatformMigrationSpec,
  ): Promise<{ readonly migrationId: string; readonly visibleMs: number }>;
  /** Goes on with a step where it stands. */
  moveSlice(request: MoveSliceRequest): Promise<MoveSlice>;
  /** Sends what stands in the outbox of the move. */
  publishMove(request: { readonly migrationId: string }): Promise<DrainReply>;
  /** Notes for people what is waited for. */
  noteMove(request: {
    readonly migrationId: string;
    readonly waiting: string | null;
  }): Promise<void>;
  /** Makes the report, and with it the move's end. */
  endMove(request: {
    readonly migrationId: string;
    readonly error?: ErrorDocument;
    /** Somebody ended it before its end. */
    readonly cancelled?: boolean;
  }): Promise<MoveReport>;
}

/** What a move came to. */
export type MoveReply =
  | { readonly report: MoveReport }
  /** It could not begin. */
  | { readonly error: ErrorDocument };

/** The parts that a move is of. */
export function partsOf({
  direction,
  only,
}: {
  readonly direction: MoveDirection;
  readonly only?: readonly MovePart[] | undefined;
}): readonly MovePart[] {
  const all = direction === 'langsmith-to-langfuse' ? moveParts : moveParts.slice(0, 2);
  return all.filter((part) => only === undefined || only.includes(part));
}
