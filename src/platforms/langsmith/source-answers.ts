/** What is read of a LangSmith server where its traces are taken elsewhere. Only fields that are used; others are passed over. */
import { z } from 'zod';

import type { Json, JsonObject } from '../../core/json/json.js';

// It comes out of JSON.parse, so it is JSON; a schema that walks it would exhaust the stack on a deep one.
const object = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
const anything = z.custom<Json>((value) => value !== undefined);
const amount = z.coerce.number();

export const sourceSessionsAnswer = z.array(
  z.object({
    id: z.string(),
    name: z.string().nullish(),
    description: z.string().nullish(),
    reference_dataset_id: z.string().nullish(),
    start_time: z.string().nullish(),
    end_time: z.string().nullish(),
    extra: object.nullish(),
    run_count: amount.nullish(),
  }),
);
export type SourceSession = z.output<typeof sourceSessionsAnswer>[number];

export const sourceRunsAnswer = z.object({
  runs: z.array(
    z.object({
      id: z.string(),
      trace_id: z.string(),
      parent_run_id: z.string().nullish(),
      reference_example_id: z.string().nullish(),
      dotted_order: z.string().nullish(),
      name: z.string(),
      run_type: z.string(),
      start_time: z.string(),
      end_time: z.string().nullish(),
      first_token_time: z.string().nullish(),
      error: z.string().nullish(),
      inputs: object.nullish(),
      outputs: object.nullish(),
      extra: object.nullish(),
      events: z.array(anything).nullish(),
      tags: z.array(z.string()).nullish(),
      prompt_tokens: amount.nullish(),
      completion_tokens: amount.nullish(),
      total_cost: amount.nullish(),
      s3_urls: object.nullish(),
    }),
  ),
  cursors: z.object({ next: z.string().nullish() }).nullish(),
});
export type SourceRun = z.output<typeof sourceRunsAnswer>['runs'][number];

export const sourceFeedbackAnswer = z.array(
  z.object({
    id: z.string(),
    run_id: z.string().nullish(),
    trace_id: z.string().nullish(),
    key: z.string(),
    score: z.union([z.number(), z.boolean()]).nullish(),
    value: anything.nullish(),
    comment: z.string().nullish(),
    correction: anything.nullish(),
    created_at: z.string(),
    feedback_source: z.object({ type: z.string().nullish() }).nullish(),
  }),
);
export type SourceFeedback = z.output<typeof sourceFeedbackAnswer>[number];
