/** What is read of the answers of the v3 API. Only fields that are used; others are passed over. */
import { z } from 'zod';

import type { Json } from '../../../core/json/json.js';

// It comes out of JSON.parse, so it is JSON.
const parsedJson = z.custom<Json>();
// Some versions of the server's database quote numbers.
const amount = z.coerce.number();
const amounts = z.record(z.string(), amount).nullish();

/** Of every list: pages from 1. */
export const pageMeta = z.object({ totalItems: amount, totalPages: amount });

export const runItemAnswer = z.object({
  id: z.string(),
  traceId: z.string(),
  datasetItemId: z.string(),
  datasetRunId: z.string(),
  createdAt: z.string(),
});

/** The answer to a new run item. */
export const runItemMade = z.object({ datasetRunId: z.string() });

export const runAnswer = z.object({
  id: z.string(),
  name: z.string(),
  metadata: z.record(z.string(), z.unknown()).nullish().catch(undefined),
});
export type RunAnswer = z.output<typeof runAnswer>;

/** A trace of the list, with the ids of its observations. */
export const traceRowAnswer = z.object({
  id: z.string(),
  observations: z.array(z.string()).nullish(),
});

export const observationKeyAnswer = z.object({ id: z.string(), traceId: z.string().nullish() });

export const scoreKeyAnswer = z.object({
  id: z.string(),
  metadata: z.record(z.string(), z.unknown()).nullish().catch(undefined),
});

const observation = z.object({
  id: z.string(),
  startTime: z.string(),
  parentObservationId: z.string().nullish(),
  type: z.string(),
  name: z.string().nullish(),
  level: z.string().nullish(),
  statusMessage: z.string().nullish(),
  input: parsedJson.nullish(),
  output: parsedJson.nullish(),
  model: z.string().nullish(),
  promptName: z.string().nullish(),
  promptVersion: amount.nullish(),
  usageDetails: amounts,
  costDetails: amounts,
  calculatedTotalCost: amount.nullish(),
  latency: amount.nullish(),
});
export type ObservationAnswer = z.output<typeof observation>;

const score = z.object({
  id: z.string(),
  name: z.string(),
  value: z.union([z.number(), z.string(), z.boolean()]).nullish(),
  stringValue: z.string().nullish(),
  dataType: z.string(),
  comment: z.string().nullish(),
});
export type ScoreAnswer = z.output<typeof score>;

/** A whole trace. */
export const traceAnswer = z.object({
  id: z.string(),
  projectId: z.string(),
  name: z.string().nullish(),
  observations: z.array(observation),
  scores: z.array(score),
});
