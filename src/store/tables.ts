import type { Generated } from 'kysely';

import type { ExperimentStatus } from '../contracts/records.js';

// json columns are written as texts: the driver would turn a JavaScript array into a Postgres array. What is
// read of them is unknown until it is parsed.
type JsonText = string;

/** assay.experiments. Times are ISO 8601 texts, see store.ts. */
export interface ExperimentsTable {
  id: string;
  project: string;
  name: string;
  slug: string;
  run_uid: string;
  spec: JsonText;
  spec_hash: string;
  manifest: JsonText | null;
  manifest_hash: string | null;
  status: ExperimentStatus;
  workflow_id: string;
  workflow_run_id: string | null;
  platform_runs: Generated<JsonText>;
  context: JsonText | null;
  planned: Generated<number>;
  seed: number;
  concurrency: number;
  code_hash: string | null;
  pause: JsonText | null;
  abort_requested_at: string | null;
  summary: JsonText | null;
  error: JsonText | null;
  created_at: Generated<string>;
  planned_at: string | null;
  started_at: string | null;
  cells_done_at: string | null;
  scored_at: string | null;
  cancel_requested_at: string | null;
  finished_at: string | null;
  prune_started_at: string | null;
  pruned_at: string | null;
  early_stop: JsonText | null;
}

/** assay.artefacts: the body is gzip. */
export interface ArtefactsTable {
  experiment_id: string;
  name: string;
  media_type: string;
  body: Buffer;
  bytes: number;
  created_at: Generated<string>;
}

/** The tables that are reached through kysely; bulk statements on the others are plain SQL beside their function. */
export interface Tables {
  'assay.projects': { id: string; created_at: Generated<string> };
  'assay.experiments': ExperimentsTable;
  'assay.artefacts': ArtefactsTable;
}
