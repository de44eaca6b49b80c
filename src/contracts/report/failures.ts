import { z } from 'zod';

import type { DeepReadonly } from '../deep-readonly.js';
import { countSchema, excerptSchema } from './figures.js';

const cellPlace = {
  itemId: z.string(),
  repetition: z.int().min(1),
} as const;

const tracePlace = {
  traceId: z.string().describe('Empty where the cell has none.'),
  traceUrl: z.string().nullable(),
} as const;

const failedScoreSchema = z.object({
  name: z.string(),
  value: z.string(),
  reasoning: excerptSchema.nullable(),
  failedItems: z.array(z.string()),
  suggestions: z.array(z.string()),
});

const failureExampleSchema = z
  .object({
    ...cellPlace,
    description: z.string().nullable(),
    ...tracePlace,
    input: excerptSchema,
    output: excerptSchema.nullable(),
    expected: excerptSchema.nullable(),
    metadata: excerptSchema.nullable(),
    scores: z.array(failedScoreSchema).describe('The required scores that did not pass.'),
    latencyMs: z.number(),
  })
  .meta({ id: 'FailedCell', description: 'A cell with a required score that did not pass.' });

const failurePatternSchema = z
  .object({
    scores: z.array(z.string()).describe('The required scores that did not pass, sorted.'),
    pair: z
      .object({ expected: z.string(), got: z.string() })
      .nullable()
      .describe('Where labels are compared: what was expected and what came.'),
    n: countSchema,
    examples: z
      .array(failureExampleSchema)
      .describe(
        'The worst few: most failed scores first, then the lowest values. Of the 50 largest patterns only.',
      ),
  })
  .meta({ id: 'FailurePattern', description: 'Cells that failed alike.' });

const namedLineSchema = z.object({
  evaluator: z.string(),
  text: z.string(),
  n: countSchema.describe('Cells.'),
  examples: z
    .array(z.object(cellPlace))
    .default([])
    .describe('The first few cells that it was named for.'),
});

export const failuresSchema = z
  .object({
    cells: countSchema,
    graded: countSchema.describe(
      'Cells that had at least one required score which can pass or fail: the denominator of `cells`.',
    ),
    patterns: z.array(failurePatternSchema).describe('Groups of cells that failed alike.'),
    otherCells: countSchema.describe(
      'Failed cells in groups that came after the number of groups that is kept.',
    ),
    more: z
      .array(failureExampleSchema.extend({ pattern: z.int().nullable() }))
      .default([])
      .describe(
        'Further failed cells, the worst first: with the examples of the patterns at most 200. `pattern` is the place in `patterns`.',
      ),
    criteria: z
      .array(namedLineSchema)
      .describe(
        'What judges and checks named as failed, informative ones too, per evaluator, most often first. Spelling, case and white space aside.',
      ),
    suggestions: z.array(namedLineSchema),
  })
  .meta({
    id: 'Failures',
    description:
      'Cells with a required score that did not pass, whether or not another evaluator erred.',
  });

const errorExampleSchema = z.object({ ...cellPlace, message: z.string(), ...tracePlace });

export const errorGroupSchema = z
  .object({
    phase: z.enum(['target', 'evaluator', 'skipped']),
    evaluator: z.string().nullable().describe('The evaluator that erred; null for the target.'),
    code: z.string(),
    title: z.string(),
    n: countSchema,
    messages: z
      .array(z.object({ text: z.string(), n: countSchema }))
      .describe(
        'The most frequent messages, with their varying numbers and quotes taken as equal.',
      ),
    examples: z.array(errorExampleSchema),
  })
  .meta({ id: 'ErrorGroup', description: 'Errors of one kind.' });

const itemScoreSchema = z.object({
  name: z.string(),
  graded: countSchema.describe('Repetitions in which the score said whether it passed.'),
  passed: countSchema,
});

export const worstItemSchema = z
  .object({
    itemId: z.string(),
    description: z.string().nullable(),
    input: excerptSchema.describe('The texts of its members on one line.'),
    cells: countSchema.describe('Repetitions that have ended.'),
    errors: countSchema.describe('Of these: ended in an error of the target or of an evaluator.'),
    graded: countSchema.describe('Verdicts of all scores over all repetitions.'),
    failed: countSchema.describe('Of these: did not pass.'),
    mean: z
      .number()
      .nullable()
      .describe('Of the numeric values in [0, 1] of scores that say whether they passed.'),
    scores: z.array(itemScoreSchema).describe('Scores that did not always pass.'),
    ...tracePlace,
  })
  .meta({ id: 'WorstItem', description: 'An item with the poorest results over its repetitions.' });

const flakyItemSchema = z.object({
  itemId: z.string(),
  description: z.string().nullable(),
  graded: countSchema.describe('Repetitions that passed or failed as a whole.'),
  passed: countSchema,
  outcomes: z
    .array(z.boolean())
    .describe('Whether each graded repetition passed, in their order; the first 100.'),
  outputs: countSchema.describe('Different outputs among its repetitions that gave one.'),
  scores: z.array(itemScoreSchema).describe('Scores that passed sometimes.'),
  ...tracePlace,
});

export const flakySchema = z
  .object({
    items: countSchema.describe('Graded at least twice: the denominator.'),
    mixed: countSchema.describe('Of these: passed in some repetitions and not in others.'),
    otherOutputs: countSchema.describe('Of these: gave more than one different output.'),
    worst: z
      .array(flakyItemSchema)
      .describe('At most 50 of the mixed ones, those nearest to a coin toss first.'),
  })
  .meta({ id: 'Flaky', description: 'Items whose repetitions do not agree.' });

export type FailedScore = DeepReadonly<z.output<typeof failedScoreSchema>>;
export type FailureExample = DeepReadonly<z.output<typeof failureExampleSchema>>;
export type FailurePattern = DeepReadonly<z.output<typeof failurePatternSchema>>;
export type NamedLine = DeepReadonly<z.output<typeof namedLineSchema>>;
export type FailureReport = DeepReadonly<z.output<typeof failuresSchema>>;
export type ErrorExample = DeepReadonly<z.output<typeof errorExampleSchema>>;
export type ErrorGroup = DeepReadonly<z.output<typeof errorGroupSchema>>;
export type ItemScore = DeepReadonly<z.output<typeof itemScoreSchema>>;
export type WorstItem = DeepReadonly<z.output<typeof worstItemSchema>>;
export type FlakyItem = DeepReadonly<z.output<typeof flakyItemSchema>>;
export type FlakyReport = DeepReadonly<z.output<typeof flakySchema>>;
