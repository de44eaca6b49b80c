import { z } from 'zod';

import type { DeepReadonly } from '../deep-readonly.js';
import { countSchema, intervalSchema } from './figures.js';

export const figureSchema = z
  .union([
    z.object({
      value: z.number(),
      interval: intervalSchema
        .nullable()
        .describe('Null where the sample gives none; `note` then says why.'),
      n: countSchema.describe('Of how many items it is.'),
      note: z.string().optional(),
    }),
    z.object({
      value: z.null(),
      because: z.string().describe('Ends the sentence "cannot be computed because …".'),
    }),
  ])
  .meta({ id: 'Figure', description: 'A figure with its interval, or why there is none.' });

export const driftSchema = z
  .object({
    experiment: z.string().describe('The earlier run.'),
    sameJudge: z
      .boolean()
      .describe(
        "Whether model and prompt are the same: then nothing but the model's own moods moved.",
      ),
    difference: figureSchema.describe(
      'The mean of (score now − score then), paired by anchor; t interval.',
    ),
    flips: z.array(z.object({ id: z.string(), before: z.boolean(), after: z.boolean() })),
  })
  .meta({
    id: 'JudgeDrift',
    description:
      'How much of a change is the judge: what it says of the same anchors now, less what it said then.',
  });

export const judgeShareSchema = driftSchema
  .extend({ evaluator: z.string() })
  .meta({ id: 'JudgeShare', description: 'What of a comparison of two runs is the judge.' });

export const anchorReportSchema = z
  .object({
    evaluator: z.string(),
    model: z.string().describe('`provider/model`.'),
    prompt: z.string().nullable().describe('sha256 of all that the judge is told beside the case.'),
    planned: countSchema,
    judged: countSchema,
    abstained: countSchema,
    errors: countSchema,
    notApplicable: countSchema,
    agreement: figureSchema.describe(
      'Of the judged anchors those that were judged as people do. Wilson interval.',
    ),
    meanScore: figureSchema,
    disagreements: z.array(z.object({ id: z.string(), expected: z.boolean(), score: z.number() })),
    missing: z
      .array(z.object({ id: z.string(), reason: z.string() }))
      .describe('Why anchors have no verdict, for the first few.'),
    calls: countSchema,
    costDollars: z
      .string()
      .nullable()
      .describe("Decimal text; null where a price is unknown. In no cost of the run's cells."),
    since: driftSchema
      .nullable()
      .describe('Null where no earlier run of the project asked the same anchors.'),
  })
  .meta({
    id: 'Anchors',
    description: 'How a judge did on its anchors, and what changed since an earlier run.',
  });

export type Figure = DeepReadonly<z.output<typeof figureSchema>>;
export type JudgeDrift = DeepReadonly<z.output<typeof driftSchema>>;
export type JudgeShare = DeepReadonly<z.output<typeof judgeShareSchema>>;
export type AnchorReport = DeepReadonly<z.output<typeof anchorReportSchema>>;
