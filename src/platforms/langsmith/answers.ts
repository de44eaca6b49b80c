/** What is read of a LangSmith server's answers. Only fields that are used; others are passed over. */
import { z } from 'zod';

import type { JsonObject } from '../../core/json/json.js';

// It comes out of JSON.parse, so it is JSON; a schema that walks it would exhaust the stack on a deep one.
const object = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

export const infoAnswer = z.object({
  version: z.string().nullish(),
  batch_ingest_config: z.object({ use_multipart_endpoint: z.boolean().nullish() }).nullish(),
});

export const settingsAnswer = z.object({ id: z.string(), display_name: z.string() });

export const datasetAnswer = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullish(),
  metadata: object.nullish(),
  inputs_schema_definition: object.nullish(),
  outputs_schema_definition: object.nullish(),
  created_at: z.string().nullish(),
});
export type DatasetAnswer = z.output<typeof datasetAnswer>;
export const datasetsAnswer = z.array(datasetAnswer);

export const exampleAnswer = z.object({
  id: z.string(),
  inputs: object.nullish(),
  outputs: object.nullish(),
  metadata: object.nullish(),
  created_at: z.string().nullish(),
  modified_at: z.string().nullish(),
});
export type ExampleAnswer = z.output<typeof exampleAnswer>;
export const examplesAnswer = z.array(exampleAnswer);
export const countAnswer = z.int();

export const sessionAnswer = z.object({
  id: z.string(),
  name: z.string().nullish(),
  extra: object.nullish(),
});
export type SessionAnswer = z.output<typeof sessionAnswer>;
export const sessionsAnswer = z.array(sessionAnswer);

const cursors = z.object({ next: z.string().nullish() }).nullish();

export const runKeysAnswer = z.object({
  runs: z.array(z.object({ id: z.string(), trace_id: z.string(), session_id: z.string() })),
  cursors,
});

const amount = z.coerce.number();

export const runsAnswer = z.object({
  runs: z.array(
    z.object({
      id: z.string(),
      trace_id: z.string(),
      session_id: z.string(),
      parent_run_id: z.string().nullish(),
      dotted_order: z.string().nullish(),
      name: z.string(),
      run_type: z.string(),
      start_time: z.string(),
      end_time: z.string().nullish(),
      status: z.string().nullish(),
      error: z.string().nullish(),
      app_path: z.string().nullish(),
      inputs: object.nullish(),
      outputs: object.nullish(),
      extra: object.nullish(),
      prompt_tokens: amount.nullish(),
      completion_tokens: amount.nullish(),
      total_cost: amount.nullish(),
    }),
  ),
  cursors,
});
export type RunAnswer = z.output<typeof runsAnswer>['runs'][number];

export const feedbacksAnswer = z.array(
  z.object({
    id: z.string(),
    key: z.string(),
    score: z.union([z.number(), z.boolean()]).nullish(),
    value: z.union([z.number(), z.string(), z.boolean(), object]).nullish(),
    comment: z.string().nullish(),
  }),
);
export type FeedbackAnswer = z.output<typeof feedbacksAnswer>[number];

const repo = z.object({
  repo_handle: z.string(),
  readme: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
  commit_tags: z.array(z.string()).nullish(),
  updated_at: z.string().nullish(),
  last_commit_hash: z.string().nullish(),
});
export type RepoAnswer = z.output<typeof repo>;
export const repoAnswer = z.object({ repo });
export const reposAnswer = z.object({ repos: z.array(repo) });

/** One commit by its hash or tag. */
export const commitAnswer = z.object({
  commit_hash: z.string(),
  manifest: object,
  description: z.string().nullish(),
});

const listedCommit = z.object({
  id: z.string(),
  commit_hash: z.string(),
  manifest: object.nullish(),
  description: z.string().nullish(),
  created_at: z.string().nullish(),
});
export type ListedCommit = z.output<typeof listedCommit>;
export const commitsAnswer = z.object({
  commits: z.array(listedCommit),
  total: z.number().nullish(),
});

/** What a new commit is answered with: within `commit`, or bare from older servers. */
export const newCommitAnswer = z.union([
  z.object({ commit: z.object({ id: z.string(), commit_hash: z.string() }) }),
  z.object({ id: z.string(), commit_hash: z.string() }).transform((commit) => ({ commit })),
]);

export const tagsAnswer = z.array(
  z.object({ tag_name: z.string(), commit_id: z.string(), commit_hash: z.string() }),
);
export type TagAnswer = z.output<typeof tagsAnswer>[number];
