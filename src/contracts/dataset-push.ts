/** What goes through Temporal when a dataset is pushed to platforms: names, counts, moments; never an item. */
import { z } from 'zod';

import type { ErrorDocument } from '../core/errors/assay-error.js';
import { backendSchema } from './backend.js';
import { projectIdSchema, resourceNameSchema } from './names.js';

/** What a caller asks of a push. */
export const datasetPushSchema = z.strictObject({
  project: projectIdSchema,
  /** The folder of the dataset, and its name on the platforms. */
  dataset: resourceNameSchema,
  /** Default: as the worker's config says. */
  backend: backendSchema.optional(),
  /** Whether items that the files do not have any more are archived there. Default: they stay as they are. */
  archiveRemoved: z.boolean().default(false),
  /** Of the caller's own checkout: a worker whose files are others refuses. Default: the worker's files, whatever they are. */
  stamp: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** How long a platform may be away before the push to it is given up. Default 10 minutes. */
  patienceMs: z.int().min(0).max(86_400_000).default(600_000),
});

export type DatasetPushRequest = z.output<typeof datasetPushSchema>;
export type DatasetPushInput = z.input<typeof datasetPushSchema>;

/** What was found before anything was written. */
export interface CheckedDataset {
  readonly stamp: string;
  readonly items: number;
  /** Names, in the order in which they are told. */
  readonly platforms: readonly string[];
}

export type CheckReply = { readonly checked: CheckedDataset } | { readonly error: ErrorDocument };

/** How far a push has come on a platform. */
export interface PushProgress {
  readonly platform: string;
  readonly phase: 'listing' | 'writing' | 'archiving' | 'done' | 'failed';
  /** Of the platform's items. */
  readonly listed: number;
  /** Of the dataset's items: they stand there. */
  readonly position: number;
  readonly items: number;
  readonly unchanged: number;
  readonly added: number;
  readonly changed: number;
  /** Only the platform has them. */
  readonly removed: number;
  readonly archived: number;
  readonly requests: number;
  readonly url?: string;
  /** The moment, by the platform's clock, from which on the dataset stands there as it does now; where it is done. */
  readonly version?: string;
}

/** What a slice of the work came to. */
export type SliceReply = PushProgress & {
  /** The platform is away, or asks to wait. */
  readonly away?: { readonly error: ErrorDocument; readonly waitMs: number };
  /** It refuses for good. */
  readonly error?: ErrorDocument;
};

/** What became of a push on one platform. */
export type PlatformPush = PushProgress & { readonly error?: ErrorDocument };

/** What a push came to. */
export type PushReply =
  | { readonly pushed: CheckedDataset; readonly platforms: readonly PlatformPush[] }
  /** Nothing was written. */
  | { readonly error: ErrorDocument };

/** What people see of the push to one platform. */
export type ShownSide = PlatformPush & { readonly waiting?: string };

/** Where the push to one platform stands between two slices. */
export interface PushSide {
  readonly platform: string;
  /** Of the next slice. */
  readonly sliceMs: number;
  /** As it was told last; a side whose phase is `done` or `failed` is over. */
  readonly shown?: ShownSide;
  /** For how long nothing has moved there, and how often that was waited for. */
  readonly silence?: { readonly done: number; readonly ms: number; readonly waits: number };
  /** It is asked again then: milliseconds since 1970. */
  readonly waitUntil?: number;
}

/** What an execution of a push hands to the next one. */
export interface PushState {
  readonly checked: CheckedDataset;
  readonly sides: readonly PushSide[];
}

/** A push that goes on, as a query shows it. */
export interface ShownPush {
  readonly request: DatasetPushRequest;
  readonly pushId: string;
}

/** The slice of a push that an activity does. */
export interface PushSlice {
  readonly pushId: string;
  readonly platform: string;
  readonly request: DatasetPushRequest;
  readonly checked: CheckedDataset;
  /** It returns after so long, so that people see how far it is. */
  readonly sliceMs: number;
}

/** The activities of datasets; the workflow knows them by these types only. */
export interface DatasetActivities {
  /** Reads the files and says all that is wrong with them; writes nothing. */
  checkPush(request: DatasetPushRequest): Promise<CheckReply>;
  /** Goes on with a push where it stands. */
  pushSlice(slice: PushSlice): Promise<SliceReply>;
  /** Records that the push to a platform was given up. */
  givePushUp(slice: PushSlice, error: ErrorDocument): Promise<SliceReply>;
}
