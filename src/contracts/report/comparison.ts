import { z } from 'zod';

import type { DeepReadonly } from '../deep-readonly.js';
import { judgeShareSchema } from './anchors.js';
import { countSchema, excerptSchema, intervalSchema } from './figures.js';

const verdictSchema = z.enum(['pass', 'regress', 'inconclusive']);

const idListSchema = z
  .object({ n: countSchema, ids: z.array(z.string()) })
  .meta({ id: 'IdList', description: 'Ids, sorted; at most the first 1,000 of n.' });

const sideSchema = z
  .object({
    mean: z.number().describe('In the units of the score.'),
    interval: intervalSchema.nullable(),
    cells: countSchema.describe('Scored cells of the compared items.'),
  })
  .meta({ id: 'ComparedSide', description: "One run's side of a score over the compared items." });

const testSchema = z
  .object({
    name: z.string(),
    statistic: z.number().nullable(),
    df: z.number().nullable(),
    p: z.number().describe('One-sided: small where head is worse.'),
    pTwoSided: z.number(),
    pAdjusted: z.number().nullable().describe('After Holm over all that decides the run.'),
  })
  .meta({
    id: 'ComparisonTest',
    description: 'The test of "head is not worse than base" against "it is worse".',
  });

const figures = {
  items: countSchema.describe('Items with a score on both sides.'),
  clusters: countSchema,
  effectiveClusters: z
    .number()
    .optional()
    .describe('As how many clusters of equal size they count; not in older reports.'),
  changedClusters: countSchema
    .optional()
    .describe('Clusters whose mean difference is not 0; not in older reports.'),
  changes: z.object({ better: countSchema, worse: countSchema, same: countSchema }),
  base: sideSchema.nullable(),
  head: sideSchema.nullable(),
  estimate: z.number().nullable().describe('The mean of head − base over items, higher better.'),
  interval: intervalSchema.nullable().describe('Of that difference, by which it is decided.'),
  method: z.string().nullable(),
  intervals: z.object({ t: intervalSchema.nullable(), bca: intervalSchema.nullable() }),
  test: testSchema.nullable(),
  mde: z
    .number()
    .nullable()
    .describe('The smallest true loss that would be called a regression with the asked power.'),
  itemsNeeded: z
    .number()
    .nullable()
    .describe('Items with which a head that is as good as the base would pass.'),
  verdict: verdictSchema,
  code: z.string().describe('Why the verdict is what it is; `reason` is for people.'),
  reason: z.string(),
} as const;

const sliceComparisonSchema = z
  .object({ ...figures, key: z.string(), value: z.string(), guard: z.boolean() })
  .meta({
    id: 'SliceComparison',
    description: 'One score in the items with one value of a field.',
  });

const scoreComparisonSchema = z
  .object({
    ...figures,
    name: z.string(),
    required: z.boolean(),
    better: z.enum(['higher', 'lower']),
    kind: z.enum(['rate', 'number']).nullable(),
    measure: z.enum(['value', 'passed']).nullable(),
    scale: z.object({ min: z.number(), max: z.number() }).nullable(),
    margin: z.number().nullable().describe('The loss that is acceptable, in units of the score.'),
    unscored: z.object({ base: idListSchema, head: idListSchema, both: countSchema }),
    headCellsMissing: countSchema,
    baseCellsMissing: countSchema.optional().describe('Not in older reports.'),
    slices: z.array(sliceComparisonSchema),
  })
  .meta({ id: 'ScoreComparison', description: 'One score of head against that of the base.' });

const growthSchema = z
  .object({
    what: z.enum(['cost', 'latency']),
    required: z.boolean(),
    of: z.enum(['mean', 'geometric']),
    margin: z.number(),
    items: countSchema,
    clusters: countSchema,
    unmeasured: z.object({ base: countSchema, head: countSchema }),
    cellsMissing: z
      .object({ base: countSchema, head: countSchema })
      .optional()
      .describe(
        'Cells that were planned and not measured, of items that the other side has measured; not in older reports.',
      ),
    base: z.number().nullable().describe('Dollars or milliseconds per cell.'),
    head: z.number().nullable(),
    ratio: z.number().nullable().describe('head ÷ base.'),
    interval: intervalSchema.nullable(),
    test: testSchema.nullable(),
    verdict: verdictSchema,
    code: z.string(),
    reason: z.string(),
  })
  .meta({ id: 'GrowthComparison', description: 'Cost or latency of head against the base.' });

const earlyStopSchema = z
  .object({
    verdict: z.enum(['pass', 'regress']),
    cells: countSchema.describe('Cells on which the verdict was settled, of those planned.'),
    planned: countSchema,
    saved: countSchema,
    reason: z.string(),
    parts: z.array(
      z.object({
        name: z.string(),
        verdict: z.enum(['pass', 'regress']),
        low: z.number(),
        high: z.number(),
        halfWidth: z.number(),
        cells: countSchema,
        planned: countSchema,
      }),
    ),
    bounds: z.array(z.object({ name: z.string(), interval: intervalSchema })),
    run: z
      .object({
        planned: countSchema,
        ran: countSchema,
        skipped: countSchema,
        callsSaved: z.number().nullable(),
        usdSaved: z.number().nullable(),
      })
      .optional(),
  })
  .meta({ id: 'EarlyStop', description: 'How a run was ended once its verdict was settled.' });

const resultSchema = z
  .object({
    format: z.literal('assay-comparison'),
    version: z.literal(1),
    verdict: verdictSchema,
    reasons: z.array(z.string()).describe('Sentences, the decisive ones first.'),
    alpha: z.number(),
    power: z.number(),
    confidence: z
      .number()
      .describe(
        'Of all intervals of differences and ratios: 1 − 2α, or of the confidence sequence.',
      ),
    bootstrap: z.object({ resamples: countSchema, seed: z.int() }),
    items: z.object({
      base: countSchema,
      head: countSchema,
      common: countSchema,
      new: idListSchema.describe('In head only.'),
      missing: idListSchema.describe('In the base only.'),
    }),
    cluster: z
      .object({ key: z.string(), unknown: z.boolean(), itemsWithoutValue: countSchema })
      .nullable(),
    evaluators: z.array(scoreComparisonSchema),
    growth: z.array(growthSchema),
    slices: z.array(
      z.object({
        key: z.string(),
        guard: z.boolean(),
        unknown: z.boolean(),
        values: countSchema,
        compared: countSchema,
        itemsWithoutValue: countSchema,
      }),
    ),
    earlyStop: earlyStopSchema
      .optional()
      .describe('Where the run was ended before all of its cells were run.'),
  })
  .meta({ id: 'Comparison', description: 'Head against base, item by item, with the verdict.' });

const sideOutputSchema = z.object({
  value: z.number().nullable().describe('The mean of the score over the repetitions.'),
  output: excerptSchema.nullable().describe('Of the repetition that is told.'),
  traceId: z.string(),
  traceUrl: z.string().nullable(),
});

const changedItemSchema = z
  .object({
    itemId: z.string(),
    description: z.string().nullable(),
    score: z.string().describe('The score that changed most.'),
    change: z.number().describe('head − base, higher better.'),
    input: excerptSchema,
    expected: excerptSchema.nullable(),
    base: sideOutputSchema,
    head: sideOutputSchema,
  })
  .meta({ id: 'ChangedItem', description: 'An item whose score is another in head than in base.' });

/** A run against the one that it is measured by. */
export const comparisonSchema = z
  .object({
    base: z.object({
      experiment: z.string(),
      baseline: z.string().nullable().describe('The name of the saved baseline, where it is one.'),
      runUid: z.string(),
      manifestHash: z.string(),
      finishedAt: z.string().nullable(),
    }),
    result: resultSchema,
    judges: z
      .array(judgeShareSchema)
      .default([])
      .describe('Of judges that were asked the same anchors in both runs.'),
    changed: z
      .object({
        worse: countSchema,
        better: countSchema,
        listed: z
          .array(changedItemSchema)
          .describe('At most 100, the largest losses first, then the largest gains.'),
      })
      .nullable()
      .describe('Items of the required scores that changed; null where they were not looked up.'),
    before: z
      .object({
        pass: z.int(),
        kind: z.enum(['retry', 'rejudge', 'extend']),
        startedAt: z.string(),
      })
      .meta({ id: 'LaterPass', description: 'A pass over the run after its verdict.' })
      .optional()
      .describe(
        'The first pass that gave the run other scores after its verdict: the comparison is of the scores before it, and all else in the report of those of now. Absent where the scores are still those.',
      ),
  })
  .meta({ id: 'BaselineComparison', description: 'The run against its baseline.' });

export type ReportComparison = DeepReadonly<z.output<typeof comparisonSchema>>;
export type LaterPass = NonNullable<ReportComparison['before']>;
export type ChangedItem = DeepReadonly<z.output<typeof changedItemSchema>>;
export type ScoreComparison = DeepReadonly<z.output<typeof scoreComparisonSchema>>;
export type ComparisonResult = DeepReadonly<z.output<typeof resultSchema>>;
