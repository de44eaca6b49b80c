import { z } from 'zod';

import type { ErrorDocument } from '../../core/errors/assay-error.js';
import type { DeepReadonly } from '../deep-readonly.js';
import { traceModeSchema } from '../experiment-spec.js';
import { datasetSampleSchema, evaluatorIdentitySchema, targetIdentitySchema } from '../manifest.js';
import type { PassKind } from '../pass.js';
import type { ExperimentStatus, PublicationCounts } from '../records.js';
import { countSchema } from './figures.js';

const statusSchema: z.ZodType<ExperimentStatus> = z.enum([
  'planning',
  'running',
  'paused',
  'publishing',
  'verifying',
  'completed',
  'completed_unverified',
  'cancelled',
  'failed',
]);

const passKindSchema: z.ZodType<PassKind> = z.enum(['retry', 'rejudge', 'extend', 'verify']);

const errorDocumentSchema: z.ZodType<ErrorDocument> = z
  .object({
    code: z.string(),
    title: z.string(),
    message: z.string(),
    problems: z.array(
      z.object({
        at: z.string(),
        message: z.string(),
        mend: z.string().exactOptional(),
      }),
    ),
    mend: z.string().exactOptional(),
    retryAfterMs: z.number().exactOptional(),
  })
  .meta({ id: 'Error', description: 'An error; switch on its code, never on its message.' });

const passSchema = z
  .object({
    pass: z.int().describe('From 2; the run itself is the first.'),
    kind: passKindSchema,
    startedAt: z.string(),
    finishedAt: z.string(),
    statusBefore: statusSchema,
    statusAfter: statusSchema,
    cells: countSchema.describe('Cells that it was to run or judge.'),
    done: countSchema.describe('Cells that it did run or judge.'),
    evaluators: z
      .array(z.object({ name: z.string(), before: z.string().nullable(), after: z.string() }))
      .describe(
        'Who judged from then on, each with a hash of what decides its scores, before (null where new) and after.',
      ),
    repetitions: z.object({ before: z.int(), after: z.int() }).nullable(),
    repaired: z.boolean().describe('Whether what the platforms did not show was sent again.'),
    deleted: countSchema.describe('Replaced traces and scores that the platforms deleted.'),
    notDeleted: countSchema.describe('Those that the platforms did not delete.'),
  })
  .meta({ id: 'Pass', description: 'What was done to a run after its end.' });

const platformSchema = z.object({
  platform: z.string(),
  project: z.string(),
  datasetVersion: z
    .string()
    .exactOptional()
    .describe("The dataset's version on the platform, where the run was pinned to one."),
  runs: z
    .array(z.object({ name: z.string(), url: z.string().exactOptional() }))
    .describe('One per repetition: one run there shows one trace per item.'),
  prompt: z.object({ name: z.string(), version: z.number() }).exactOptional(),
});

const linkSchema = z.object({ label: z.string(), url: z.string() });

export const publicationSchema: z.ZodType<PublicationCounts> = z
  .object({
    platform: z.string(),
    expectedTraces: countSchema,
    sentTraces: countSchema,
    verifiedTraces: countSchema,
    expectedScores: countSchema,
    sentScores: countSchema,
    verifiedScores: countSchema,
    expectedRunScores: countSchema,
    verifiedRunScores: countSchema,
    duplicateSpans: countSchema,
    ambiguousResends: countSchema,
    takeovers: countSchema,
    refused: countSchema,
  })
  .meta({
    id: 'Publication',
    description: 'What one platform holds of the run, against what was expected of it.',
  });

export const runSchema = z
  .object({
    project: z.string(),
    experiment: z.string(),
    description: z.string().nullable(),
    runUid: z.string(),
    manifestHash: z.string().describe('The hash of everything that decides a result.'),
    status: statusSchema,
    error: errorDocumentSchema.nullable(),
    startedAt: z.string().describe('ISO 8601 in UTC, as all times.'),
    finishedAt: z.string(),
    durationMs: z
      .number()
      .describe('At work: without the time between the end and a retry or another pass.'),
    dataset: z.object({
      name: z.string(),
      version: z.string().nullable(),
      items: countSchema,
      itemsHash: z.string(),
      sample: datasetSampleSchema
        .nullable()
        .describe('The part of the dataset that was run; null where all of it was.'),
      sampleAsked: countSchema
        .nullable()
        .describe('How many items a sample was asked for; null where none was.'),
    }),
    target: targetIdentitySchema,
    evaluators: z.array(evaluatorIdentitySchema),
    repetitions: countSchema,
    concurrency: countSchema,
    seed: z.int(),
    verify: z.enum(['full', 'sample', 'off']),
    trace: traceModeSchema
      .optional()
      .describe('With `none` nothing was published, by choice. Absent: published.'),
    passes: z
      .array(passSchema)
      .describe('What was done to the run after its end, the oldest first.'),
    platforms: z.array(platformSchema),
    links: z.array(linkSchema),
  })
  .meta({ id: 'Run', description: 'What was run, when and how.' });

export type ReportPass = DeepReadonly<z.output<typeof passSchema>>;
export type ReportPlatform = DeepReadonly<z.output<typeof platformSchema>>;
export type ReportLink = DeepReadonly<z.output<typeof linkSchema>>;
export type ReportRun = DeepReadonly<z.output<typeof runSchema>>;
