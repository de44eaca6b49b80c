import { z } from 'zod';

import type { HistogramBin } from '../../core/statistics/histogram.js';
import type { Interval } from '../../core/statistics/interval.js';
import type { DeepReadonly } from '../deep-readonly.js';

/** A count: zero or more, whole. */
export const countSchema = z.int().nonnegative();

export const intervalSchema: z.ZodType<Interval> = z
  .object({
    low: z.number(),
    high: z.number(),
    confidence: z.number().describe('Such as 0.95.'),
  })
  .meta({ id: 'Interval', description: 'An interval estimate; both ends belong to it.' });

export const histogramBinSchema: z.ZodType<HistogramBin> = z
  .object({ from: z.number(), to: z.number(), n: countSchema })
  .meta({
    id: 'HistogramBin',
    description: 'One bar: values in [from, to), in the last bar [from, to].',
  });

export const rateSchema = z
  .object({
    passed: countSchema,
    n: countSchema,
    rate: z.number(),
    interval: intervalSchema.describe('Wilson; the repetitions of one item count as one cluster.'),
  })
  .meta({ id: 'Rate', description: 'A share of n, with its interval.' });

export const excerptSchema = z
  .object({
    text: z.string(),
    length: countSchema.describe('Of the whole text, in UTF-16 units.'),
  })
  .meta({ id: 'Excerpt', description: 'Text of an item or an answer, cut for the report.' });

export const distributionSchema = z
  .object({
    n: countSchema,
    exact: z
      .boolean()
      .describe(
        'False where there were too many values to keep: then of a uniform sample of them.',
      ),
    mean: z.number(),
    p50: z.number(),
    p90: z.number(),
    p95: z.number(),
    p99: z.number(),
    max: z.number(),
    histogram: z
      .array(histogramBinSchema)
      .default([])
      .describe('The counts in bars of kept values; the outer bars hold the rest of the range.'),
  })
  .meta({ id: 'Distribution', description: 'Where the values of a figure lie.' });

export type RateReport = DeepReadonly<z.output<typeof rateSchema>>;
export type Excerpt = DeepReadonly<z.output<typeof excerptSchema>>;
export type Distribution = DeepReadonly<z.output<typeof distributionSchema>>;
