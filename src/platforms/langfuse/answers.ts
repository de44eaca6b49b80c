/** What is read of a Langfuse server's answers. Only fields that are used; others are passed over. */
import { z } from 'zod';

import type { Json } from '../../core/json/json.js';

// It comes out of JSON.parse, so it is JSON; a schema that walks it would exhaust the stack on a deep one.
const parsedJson = z.custom<Json>();

export const healthAnswer = z.object({ version: z.string() });

export const projectsAnswer = z.object({
  data: z.array(z.object({ id: z.string(), name: z.string() })),
});

export const datasetAnswer = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullish(),
  metadata: parsedJson.nullish(),
  inputSchema: parsedJson.nullish(),
  expectedOutputSchema: parsedJson.nullish(),
  createdAt: z.string().nullish(),
});
export type DatasetAnswer = z.output<typeof datasetAnswer>;

export const datasetsAnswer = z.object({
  data: z.array(datasetAnswer),
  meta: z.object({ page: z.int(), totalPages: z.int() }),
});

export const itemAnswer = z.object({
  id: z.string(),
  status: z.string(),
  createdAt: z.string().nullish(),
  updatedAt: z.string().nullish(),
  input: parsedJson.nullish(),
  expectedOutput: parsedJson.nullish(),
  metadata: parsedJson.nullish(),
});
export type ItemAnswer = z.output<typeof itemAnswer>;

export const itemsAnswer = z.object({
  data: z.array(itemAnswer),
  meta: z.object({ page: z.int(), totalPages: z.int(), totalItems: z.int().nullish() }),
});

// Messages carry more than is used, and a chat message need not say that it is one.
const promptMessageAnswer = z.union([
  z.object({ type: z.literal('placeholder'), name: z.string() }),
  z.object({ role: z.string(), content: z.string() }),
]);

export const promptAnswer = z.object({
  name: z.string(),
  version: z.int(),
  prompt: z.union([z.string(), z.array(promptMessageAnswer)]),
  config: parsedJson.nullish(),
  labels: z.array(z.string()).nullish(),
  tags: z.array(z.string()).nullish(),
  commitMessage: z.string().nullish(),
  createdAt: z.string().nullish(),
});
export type PromptAnswer = z.output<typeof promptAnswer>;

export const promptsAnswer = z.object({
  data: z.array(
    z.object({
      name: z.string(),
      versions: z.array(z.int()),
      labels: z.array(z.string()),
      tags: z.array(z.string()),
      lastUpdatedAt: z.string().nullish(),
    }),
  ),
  meta: z.object({ page: z.int(), totalPages: z.int() }),
});

export const experimentsAnswer = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      metadata: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
  meta: z.object({ cursor: z.string().nullish() }),
});

export const experimentItemsAnswer = z.object({
  data: z.array(z.object({ metadata: z.record(z.string(), z.unknown()).nullish() })),
});

const cursorMeta = z.object({ cursor: z.string().nullish() });

/** `fields=core`. */
export const observationKeysAnswer = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      traceId: z.string(),
      startTime: z.string(),
    }),
  ),
  meta: cursorMeta,
});

// Some versions of the server's database quote numbers.
const amount = z.coerce.number();
const amounts = z.record(z.string(), amount).nullish();

export const observationsAnswer = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      traceId: z.string(),
      projectId: z.string(),
      startTime: z.string(),
      parentObservationId: z.string().nullish(),
      type: z.string(),
      name: z.string().nullish(),
      level: z.string().nullish(),
      statusMessage: z.string().nullish(),
      input: z.string().nullish(),
      output: z.string().nullish(),
      model: z.string().nullish(),
      promptName: z.string().nullish(),
      promptVersion: amount.nullish(),
      usageDetails: amounts,
      costDetails: amounts,
      totalCost: amount.nullish(),
      latency: amount.nullish(),
      traceName: z.string().nullish(),
    }),
  ),
  meta: cursorMeta,
});
export type ObservationAnswer = z.output<typeof observationsAnswer>['data'][number];

export const scoresAnswer = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      value: z.union([z.number(), z.string(), z.boolean()]).nullish(),
      dataType: z.string(),
      comment: z.string().nullish(),
      metadata: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
  meta: cursorMeta,
});
export type ScoreAnswer = z.output<typeof scoresAnswer>['data'][number];

/** The 207 of `/ingestion`. */
export const ingestionAnswer = z.object({
  successes: z.array(z.object({ id: z.string() })),
  errors: z.array(
    z.object({
      id: z.string(),
      status: z.int(),
      message: z.string().nullish(),
      error: z.unknown().optional(),
    }),
  ),
});
