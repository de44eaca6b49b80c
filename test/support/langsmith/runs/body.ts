import { z } from 'zod';

import { microsOf } from '../clock.js';
import { objectMap, uuid } from '../http/validate.js';

const moment = z
  .union([z.string(), z.number()])
  .refine((value) => microsOf(value) !== undefined, 'Input should be a valid datetime')
  .transform((value) => microsOf(value) ?? 0)
  .nullish();

const fields = {
  trace_id: uuid.nullish(),
  dotted_order: z.string().min(1).nullish(),
  parent_run_id: uuid.nullish(),
  session_id: uuid.nullish(),
  session_name: z.string().min(1).nullish(),
  end_time: moment,
  inputs: objectMap.nullish(),
  outputs: objectMap.nullish(),
  error: z.string().nullish(),
  extra: objectMap.nullish(),
  events: z.array(z.unknown()).nullish(),
  serialized: z.unknown(),
  tags: z.array(z.string()).nullish(),
  reference_example_id: uuid.nullish(),
};

const runType = z.enum(['llm', 'chain', 'tool', 'retriever', 'embedding', 'prompt', 'parser']);

export const postSchema = z.object({
  ...fields,
  id: uuid,
  name: z.string().min(1),
  run_type: runType,
  start_time: moment,
});
export type PostBody = z.output<typeof postSchema>;

export const patchSchema = z.object({
  ...fields,
  id: uuid,
  name: z.string().min(1).nullish(),
  run_type: runType.nullish(),
  start_time: moment,
});
export type PatchBody = z.output<typeof patchSchema>;
