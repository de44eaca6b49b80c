import { z } from 'zod';

import type { DeepReadonly } from '../deep-readonly.js';
import { countSchema, histogramBinSchema, intervalSchema, rateSchema } from './figures.js';

const numericSchema = z
  .object({
    n: countSchema,
    mean: z.number(),
    interval: intervalSchema
      .nullable()
      .describe("Student's t; null for fewer than two items and where all values are equal."),
    sd: z.number().nullable().describe("The sample's; null for n = 1."),
    min: z.number(),
    median: z.number(),
    max: z.number(),
    values: z
      .array(z.object({ value: z.number(), n: countSchema }))
      .nullable()
      .describe('Each value with its count where there are at most 12 different ones.'),
    histogram: z.array(histogramBinSchema).describe('Also there where `values` is.'),
  })
  .meta({ id: 'NumericScore', description: 'The numeric values of a score.' });

const categoriesSchema = z
  .object({
    n: countSchema,
    labels: z.array(z.object({ label: z.string(), n: countSchema })),
    otherN: countSchema.describe(
      'Scores whose label came after the 100 labels that are counted one by one.',
    ),
  })
  .meta({ id: 'Categories', description: 'Boolean and categorical values, most frequent first.' });

const classSchema = z.object({
  label: z.string(),
  expected: countSchema,
  given: countSchema,
  correct: countSchema,
  precision: z.number().nullable().describe('Null where the label was never given.'),
  recall: z.number(),
  f1: z.number(),
});

const confusionSchema = z
  .object({
    path: z
      .string()
      .describe('Where the label stands, as a JSON pointer; empty for the whole value.'),
    n: countSchema,
    correct: countSchema,
    labels: z
      .array(z.string())
      .describe('Expected labels, then labels that were only given; most frequent first.'),
    counts: z
      .array(z.array(countSchema))
      .describe('counts[i][j]: expected labels[i], given labels[j].'),
    classes: z.array(classSchema),
    macroF1: z.number().describe('The mean F1 of the expected labels, each with the same weight.'),
  })
  .meta({ id: 'Confusion', description: 'Expected against given labels; rows are expected.' });

const scoreSchema = z
  .object({
    name: z.string(),
    n: countSchema,
    passRate: rateSchema.nullable().describe('Of the scores that say whether they passed.'),
    numeric: numericSchema.nullable(),
    categories: categoriesSchema.nullable(),
    unusable: countSchema.describe(
      'Numeric values that are no number, infinite or beyond ±1e150; they are in no other figure but n.',
    ),
  })
  .meta({ id: 'Score', description: 'The scores of one name.' });

export const evaluatorSchema = z
  .object({
    name: z.string(),
    kind: z.string(),
    required: z.boolean(),
    planned: countSchema,
    scored: countSchema.describe('Cells with at least one score of it.'),
    notApplicable: countSchema.describe(
      'Cells with an output that it does not apply to, such as items that expect nothing.',
    ),
    abstained: countSchema.default(0).describe('Cells on which a judge abstained.'),
    errored: countSchema.describe('Cells where it could not give its score.'),
    notReached: countSchema.describe('Cells without an output, or without an outcome.'),
    scores: z.array(scoreSchema),
    confusion: confusionSchema
      .nullable()
      .describe('Expected against given labels, for exact_match over few labels.'),
  })
  .meta({
    id: 'Evaluator',
    description:
      'One evaluator: planned = scored + notApplicable + abstained + errored + notReached.',
  });

const fieldValueSchema = z.object({
  value: z.string(),
  cells: countSchema,
  errors: countSchema.describe('Cells of it that ended in an error.'),
  overall: rateSchema
    .nullable()
    .describe('Of its ok cells that can pass or fail: those with no failed required score.'),
  scores: z.array(
    z.object({
      name: z.string(),
      passRate: rateSchema.nullable(),
      mean: z.number().nullable().describe('Of the numeric values.'),
      interval: intervalSchema.nullable().default(null).describe('Of the mean.'),
      n: countSchema,
    }),
  ),
});

export const breakdownSchema = z
  .object({
    field: z.string().describe("A member of the items' metadata."),
    values: z.array(fieldValueSchema),
    withoutValue: countSchema.describe(
      'Cells without the field, or whose value is no short text, number or truth.',
    ),
  })
  .meta({ id: 'Breakdown', description: 'Results by the values of a field with few values.' });

export type NumericReport = DeepReadonly<z.output<typeof numericSchema>>;
export type ClassReport = DeepReadonly<z.output<typeof classSchema>>;
export type ConfusionReport = DeepReadonly<z.output<typeof confusionSchema>>;
export type ScoreReport = DeepReadonly<z.output<typeof scoreSchema>>;
export type EvaluatorReport = DeepReadonly<z.output<typeof evaluatorSchema>>;
export type FieldValue = DeepReadonly<z.output<typeof fieldValueSchema>>;
export type FieldBreakdown = DeepReadonly<z.output<typeof breakdownSchema>>;
