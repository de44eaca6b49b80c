import { z } from 'zod';

import type { DeepReadonly } from '../deep-readonly.js';
import { anchorReportSchema } from './anchors.js';
import { callsSchema, reuseSchema } from './calls.js';
import { comparisonSchema } from './comparison.js';
import { errorGroupSchema, failuresSchema, flakySchema, worstItemSchema } from './failures.js';
import { countSchema, distributionSchema, rateSchema } from './figures.js';
import { publicationSchema, runSchema } from './run.js';
import { breakdownSchema, evaluatorSchema } from './scores.js';

const cellsSchema = z
  .object({
    planned: countSchema,
    ok: countSchema,
    target_error: countSchema,
    evaluator_error: countSchema,
    skipped: countSchema,
    pending: countSchema.describe('Without an outcome when the report was made.'),
    passed: countSchema.describe(
      'Of the ok cells: no required score failed and at least one passed.',
    ),
    notPassed: countSchema.describe('Of the ok cells: at least one required score did not pass.'),
    ungraded: countSchema.describe('Of the ok cells: no required score has a notion of passing.'),
    retriedCells: countSchema.describe('Cells whose target was tried more than once.'),
    retries: countSchema.describe('The tries beyond the first.'),
    revised: countSchema.describe('Cells that a user had run again.'),
    sanitised: countSchema.describe(
      'Cells with text that had to be made well-formed before it could be sent.',
    ),
  })
  .meta({
    id: 'Cells',
    description:
      'Where the planned cells stand: planned = ok + target_error + evaluator_error + skipped + pending.',
  });

const steadinessSchema = z
  .object({
    items: countSchema,
    alwaysPassed: countSchema,
    neverPassed: countSchema,
    mixed: countSchema.describe('Passed in some repetitions and not in others.'),
  })
  .meta({
    id: 'Steadiness',
    description: 'Items that were graded at least twice, by how often they passed.',
  });

const findingSchema = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('publication'),
      platform: z.string(),
      what: z.enum(['traces', 'scores', 'scores of the whole run']),
      verified: countSchema,
      expected: countSchema,
    }),
    z.object({
      kind: z.literal('field'),
      field: z.string(),
      value: z.string(),
      score: z.string(),
      here: rateSchema,
      elsewhere: rateSchema,
    }),
    z.object({
      kind: z.literal('pair'),
      score: z.string(),
      expected: z.string(),
      got: z.string(),
      n: countSchema,
      of: countSchema,
    }),
    z.object({
      kind: z.literal('criterion'),
      evaluator: z.string(),
      text: z.string(),
      n: countSchema,
      of: countSchema,
    }),
    z.object({
      kind: z.literal('error'),
      phase: z.enum(['target', 'evaluator', 'skipped']),
      evaluator: z.string().nullable(),
      code: z.string(),
      n: countSchema,
      of: countSchema,
    }),
  ])
  .meta({ id: 'Finding', description: 'A pattern worth a sentence.' });

/**
 * A finished report as plain JSON: what `report.json` holds and what every writer reads. What is not known is
 * `null`, never NaN and never a zero. Money is decimal text in dollars, exact to 1e-12; rates are in [0, 1].
 * A change of meaning raises `version`; readers must accept members that they do not know. Members with a default
 * came later: reports of older versions of Assay lack them.
 */
export const reportSchema = z.object({
  format: z.literal('assay-report'),
  version: z.literal(1),
  run: runSchema,
  cells: cellsSchema,
  overall: rateSchema
    .nullable()
    .default(null)
    .describe('Of the ok cells that can pass or fail: those with no failed required score.'),
  steadiness: steadinessSchema.nullable().describe('Null where no item was graded twice.'),
  evaluators: z.array(evaluatorSchema),
  findings: z
    .array(findingSchema)
    .describe('Patterns that a reader should see first, strongest first.'),
  failures: failuresSchema,
  errors: z.array(errorGroupSchema),
  worstItems: z.array(worstItemSchema).default([]).describe('At most 50, the worst first.'),
  flaky: flakySchema.nullable().default(null).describe('Null where no item was graded twice.'),
  comparison: comparisonSchema
    .nullable()
    .default(null)
    .describe('Null where the run was compared with nothing.'),
  breakdowns: z
    .array(breakdownSchema)
    .describe('Results by the values of metadata fields that have few values.'),
  latencyMs: distributionSchema
    .nullable()
    .describe('Of the target alone, over cells whose target gave an output. Milliseconds.'),
  cellDollars: distributionSchema
    .nullable()
    .default(null)
    .describe(
      'The cost of a cell in dollars, over cells all of whose answered calls have a known price.',
    ),
  calls: callsSchema,
  reuse: reuseSchema.nullable().describe('Null where the run did not ask for it.'),
  publication: z.array(publicationSchema),
  anchors: z
    .array(anchorReportSchema)
    .default([])
    .describe('How judges did on cases with known verdicts; empty where none has any.'),
});

export type ReportModel = DeepReadonly<z.output<typeof reportSchema>>;
export type ReportCells = ReportModel['cells'];
export type Steadiness = DeepReadonly<z.output<typeof steadinessSchema>>;
export type Finding = DeepReadonly<z.output<typeof findingSchema>>;
