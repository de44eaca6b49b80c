import { z } from 'zod';

import { given, moment, objectMap, uuid } from '../http/validate.js';

const fields = {
  trace_id: given(uuid),
  dotted_order: given(z.string().min(1)),
  parent_run_id: given(uuid),
  session_id: given(uuid),
  session_name: given(z.string().min(1)),
  end_time: moment,
  inputs: given(objectMap),
  outputs: given(objectMap),
  error: given(z.string()),
  extra: given(objectMap),
  events: given(z.array(z.unknown())),
  serialized: z.unknown().optional(),
  tags: given(z.array(z.string())),
  reference_example_id: given(uuid),
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
  name: given(z.string().min(1)),
  run_type: given(runType),
  start_time: moment,
});
export type PatchBody = z.output<typeof patchSchema>;
