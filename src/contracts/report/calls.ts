import { z } from 'zod';

import type { DeepReadonly } from '../deep-readonly.js';
import { countSchema } from './figures.js';

const decimal = z
  .string()
  .regex(/^-?\d+(?:\.\d+)?$/)
  .describe('Dollars as decimal text, exact to 1e-12.');

const callTotalsSchema = z
  .object({
    calls: countSchema,
    failed: countSchema.describe('Calls that ended in an error.'),
    replayed: countSchema.describe('Answers taken from the journal: paid once, not called again.'),
    inputTokens: countSchema,
    cachedInputTokens: countSchema,
    outputTokens: countSchema,
    reasoningTokens: countSchema,
    withoutUsage: countSchema.describe(
      'Calls whose provider said no usage; their tokens are in no sum.',
    ),
    costDollars: decimal,
    costKnown: countSchema,
    costUnknown: countSchema.describe('Calls that were answered and have no known price.'),
  })
  .meta({ id: 'CallTotals', description: 'Sums over calls.' });

export const callsSchema = z
  .object({
    target: callTotalsSchema,
    judge: callTotalsSchema,
    embedding: callTotalsSchema,
    total: callTotalsSchema,
    models: z.array(
      callTotalsSchema.extend({ provider: z.string(), model: z.string(), purpose: z.string() }),
    ),
  })
  .meta({
    id: 'Calls',
    description:
      'Calls made for cells. Costs are sums over calls whose price is known; the others are counted, not guessed.',
  });

export const reuseSchema = z
  .object({
    cells: countSchema.describe('Cells whose output was taken over; the others were run.'),
    whole: countSchema.describe('Of these: every score was taken over as well.'),
    sources: z
      .array(z.object({ experiment: z.string(), cells: countSchema }))
      .describe('The runs that made the outputs, those with the most cells first.'),
    otherSources: countSchema.describe('Cells of runs beyond the 20 that are named.'),
    evaluators: z
      .array(z.object({ name: z.string(), reused: countSchema, judged: countSchema }))
      .describe(
        'Of the cells whose output was taken over: scores that were too, and outputs that were judged now.',
      ),
    targetDollars: decimal.describe('What it cost when it was made; in no cost of this run.'),
    judgeDollars: decimal,
    costUnknown: countSchema.describe('Outputs and scores of an unknown cost; they are in no sum.'),
  })
  .meta({
    id: 'Reuse',
    description:
      'What was taken over from earlier runs. None of it was called or paid in this one.',
  });

export type CallTotals = DeepReadonly<z.output<typeof callTotalsSchema>>;
export type CallReport = DeepReadonly<z.output<typeof callsSchema>>;
export type ReuseReport = DeepReadonly<z.output<typeof reuseSchema>>;
