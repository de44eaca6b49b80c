-- What the migrations come to. Written by tools/dump-schema.mjs; do not edit.

create table assay.artefacts (
  experiment_id text not null,
  name text not null,
  media_type text not null,
  body bytea not null,
  bytes integer not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint artefacts_pkey PRIMARY KEY (experiment_id, name),
  constraint artefacts_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES assay.experiments(id) ON DELETE CASCADE
);

create table assay.baseline_cells (
  baseline_id bigint not null,
  version integer not null,
  page integer not null,
  body bytea not null,
  constraint baseline_cells_pkey PRIMARY KEY (baseline_id, version, page),
  constraint baseline_cells_baseline_id_fkey FOREIGN KEY (baseline_id) REFERENCES assay.baselines(id) ON DELETE CASCADE
);

create table assay.baselines (
  id bigint generated always as identity not null,
  project text not null,
  name text not null,
  dataset text not null,
  experiment_id text not null,
  run_uid text not null,
  manifest json not null,
  manifest_hash text not null,
  version integer default 0 not null,
  cells integer default 0 not null,
  promoted boolean default false not null,
  promoted_at timestamp with time zone,
  stale json,
  stale_at timestamp with time zone,
  created_at timestamp with time zone default clock_timestamp() not null,
  renewed_at timestamp with time zone,
  constraint baselines_pkey PRIMARY KEY (id),
  constraint baselines_project_name_key UNIQUE (project, name),
  constraint baselines_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES assay.experiments(id) ON DELETE CASCADE,
  constraint baselines_project_fkey FOREIGN KEY (project) REFERENCES assay.projects(id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX baselines_promoted ON assay.baselines USING btree (project, dataset) WHERE promoted;

create table assay.budget_reservations (
  token uuid not null,
  experiment_id text not null,
  cell_id bigint not null,
  request_hash text not null,
  occurrence integer not null,
  owner text not null,
  amount numeric(24,12) not null,
  constraint budget_reservations_pkey PRIMARY KEY (token),
  constraint budget_reservations_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES assay.experiments(id) ON DELETE CASCADE,
  constraint budget_reservations_amount_check CHECK ((amount >= (0)::numeric))
);

CREATE INDEX budget_reservations_of_call ON assay.budget_reservations USING btree (cell_id, request_hash, occurrence);

CREATE INDEX budget_reservations_of_run ON assay.budget_reservations USING btree (experiment_id);

create table assay.call_journal (
  cell_id bigint not null,
  request_hash text not null,
  occurrence integer not null,
  purpose text not null,
  owner text not null,
  state text not null,
  claims integer default 1 not null,
  claimed_at timestamp with time zone default clock_timestamp() not null,
  answered_at timestamp with time zone,
  status integer,
  headers json,
  answer bytea,
  usage json,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  first_token_ms double precision,
  constraint call_journal_pkey PRIMARY KEY (cell_id, request_hash, occurrence),
  constraint call_journal_cell_id_fkey FOREIGN KEY (cell_id) REFERENCES assay.experiment_cells(id) ON DELETE CASCADE,
  constraint call_journal_check CHECK (((state = 'answered'::text) = (answer IS NOT NULL))),
  constraint call_journal_state_check CHECK ((state = ANY (ARRAY['claimed'::text, 'answered'::text, 'released'::text])))
);

create table assay.cell_counts (
  experiment_id text not null,
  backend integer not null,
  status text not null,
  cells integer not null,
  constraint cell_counts_pkey PRIMARY KEY (experiment_id, backend, status),
  constraint cell_counts_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES assay.experiments(id) ON DELETE CASCADE
);

create table assay.dataset_push_items (
  push_id text not null,
  platform text not null,
  item_key bytea not null,
  platform_id text not null,
  field_keys bytea not null,
  kept boolean default false not null,
  written_as text,
  constraint dataset_push_items_pkey PRIMARY KEY (push_id, platform, item_key),
  constraint dataset_push_items_push_id_platform_fkey FOREIGN KEY (push_id, platform) REFERENCES assay.dataset_pushes(push_id, platform) ON DELETE CASCADE,
  constraint dataset_push_items_written_as_check CHECK ((written_as = ANY (ARRAY['added'::text, 'changed'::text])))
);

create table assay.dataset_pushes (
  push_id text not null,
  platform text not null,
  project text not null,
  dataset text not null,
  stamp text not null,
  items integer not null,
  archive_removed boolean not null,
  phase text default 'listing'::text not null,
  dataset_id text,
  url text,
  listed integer default 0 not null,
  cursor integer default 0 not null,
  begun boolean default false not null,
  unchanged integer default 0 not null,
  added integer default 0 not null,
  changed integer default 0 not null,
  removed integer default 0 not null,
  archived integer default 0 not null,
  requests integer default 0 not null,
  last_change text,
  waiting text,
  error json,
  started_at timestamp with time zone default clock_timestamp() not null,
  finished_at timestamp with time zone,
  constraint dataset_pushes_pkey PRIMARY KEY (push_id, platform),
  constraint dataset_pushes_project_fkey FOREIGN KEY (project) REFERENCES assay.projects(id) ON DELETE CASCADE,
  constraint dataset_pushes_phase_check CHECK ((phase = ANY (ARRAY['listing'::text, 'writing'::text, 'archiving'::text, 'done'::text, 'failed'::text])))
);

CREATE INDEX dataset_pushes_newest ON assay.dataset_pushes USING btree (project, dataset, started_at DESC);

create table assay.experiment_budgets (
  experiment_id text not null,
  cap numeric(24,12) not null,
  committed numeric(24,12) default 0 not null,
  granted numeric(24,12) default 0 not null,
  constraint experiment_budgets_pkey PRIMARY KEY (experiment_id),
  constraint experiment_budgets_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES assay.experiments(id) ON DELETE CASCADE,
  constraint experiment_budgets_cap_check CHECK ((cap > (0)::numeric))
);

create table assay.experiment_cells (
  id bigint generated always as identity not null,
  experiment_id text not null,
  ordinal integer not null,
  repetition integer not null,
  revision integer default 1 not null,
  latest boolean default true not null,
  "position" integer not null,
  status text default 'pending'::text not null,
  claims integer default 0 not null,
  claim_token uuid,
  attempts integer,
  output json,
  error json,
  evaluator_failures json,
  calls json,
  input_tokens bigint,
  output_tokens bigint,
  cached_input_tokens bigint,
  reasoning_tokens bigint,
  latency_ms double precision,
  target_cost numeric(24,12),
  judge_cost numeric(24,12),
  sanitised boolean default false not null,
  trace_id text,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  embedding_cost numeric(24,12),
  target_hash uuid,
  reused_from json,
  silent_hashes uuid[],
  pass integer default 1 not null,
  supersedes bigint,
  traced json,
  constraint experiment_cells_pkey PRIMARY KEY (id),
  constraint experiment_cells_experiment_id_ordinal_repetition_revision__key UNIQUE (experiment_id, ordinal, repetition, revision) INCLUDE (status, latest),
  constraint experiment_cells_experiment_id_pass_position_key UNIQUE (experiment_id, pass, "position"),
  constraint experiment_cells_experiment_id_ordinal_fkey FOREIGN KEY (experiment_id, ordinal) REFERENCES assay.experiment_items(experiment_id, ordinal) ON DELETE CASCADE,
  constraint experiment_cells_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'ok'::text, 'target_error'::text, 'evaluator_error'::text, 'skipped'::text])))
);

CREATE INDEX experiment_cells_failed ON assay.experiment_cells USING btree (experiment_id) WHERE (latest AND (status = ANY (ARRAY['target_error'::text, 'evaluator_error'::text])));

CREATE INDEX experiment_cells_reusable ON assay.experiment_cells USING btree (target_hash, id) WHERE (latest AND (status = ANY (ARRAY['ok'::text, 'evaluator_error'::text])) AND (output IS NOT NULL));

CREATE INDEX experiment_cells_reused ON assay.experiment_cells USING btree (experiment_id) WHERE (latest AND (reused_from IS NOT NULL));

CREATE TRIGGER count_inserted AFTER INSERT ON assay.experiment_cells REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION assay.count_inserted_cells();

CREATE TRIGGER count_updated AFTER UPDATE ON assay.experiment_cells REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION assay.count_updated_cells();

create table assay.experiment_items (
  experiment_id text not null,
  ordinal integer not null,
  item_id text not null,
  hash text not null,
  body json not null,
  bytes integer not null,
  platform_item_id text,
  constraint experiment_items_pkey PRIMARY KEY (experiment_id, ordinal),
  constraint experiment_items_experiment_id_item_id_key UNIQUE (experiment_id, item_id),
  constraint experiment_items_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES assay.experiments(id) ON DELETE CASCADE
);

create table assay.experiment_passes (
  experiment_id text not null,
  pass integer not null,
  kind text not null,
  request json not null,
  request_hash text not null,
  token text not null,
  status_before text not null,
  error_before json,
  cells integer not null,
  details json not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  finished_at timestamp with time zone,
  status_after text,
  outcome json,
  constraint experiment_passes_pkey PRIMARY KEY (experiment_id, pass),
  constraint experiment_passes_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES assay.experiments(id) ON DELETE CASCADE,
  constraint experiment_passes_kind_check CHECK ((kind = ANY (ARRAY['retry'::text, 'rejudge'::text, 'extend'::text, 'verify'::text]))),
  constraint experiment_passes_pass_check CHECK ((pass >= 2))
);

CREATE UNIQUE INDEX experiment_passes_open ON assay.experiment_passes USING btree (experiment_id) WHERE (finished_at IS NULL);

create table assay.experiments (
  id text not null,
  project text not null,
  name text not null,
  slug text not null,
  run_uid text not null,
  spec json not null,
  spec_hash text not null,
  manifest json,
  manifest_hash text,
  status text not null,
  workflow_id text not null,
  workflow_run_id text,
  platform_runs json default '[]'::json not null,
  context json,
  planned integer default 0 not null,
  seed integer not null,
  concurrency integer not null,
  code_hash text,
  summary json,
  error json,
  created_at timestamp with time zone default clock_timestamp() not null,
  planned_at timestamp with time zone,
  started_at timestamp with time zone,
  cells_done_at timestamp with time zone,
  cancel_requested_at timestamp with time zone,
  finished_at timestamp with time zone,
  pause json,
  abort_requested_at timestamp with time zone,
  scored_at timestamp with time zone,
  prune_started_at timestamp with time zone,
  pruned_at timestamp with time zone,
  early_stop json,
  constraint experiments_pkey PRIMARY KEY (id),
  constraint experiments_run_uid_key UNIQUE (run_uid),
  constraint experiments_project_fkey FOREIGN KEY (project) REFERENCES assay.projects(id) ON DELETE CASCADE,
  constraint experiments_check CHECK ((id = ((project || '/'::text) || name))),
  constraint experiments_status_check CHECK ((status = ANY (ARRAY['planning'::text, 'running'::text, 'paused'::text, 'publishing'::text, 'verifying'::text, 'completed'::text, 'completed_unverified'::text, 'cancelled'::text, 'failed'::text])))
);

CREATE INDEX experiments_newest ON assay.experiments USING btree (project, created_at DESC, id DESC);

CREATE INDEX experiments_prunable ON assay.experiments USING btree (project, finished_at, id) WHERE ((pruned_at IS NULL) AND (finished_at IS NOT NULL));

create table assay.gates (
  id text not null,
  project text not null,
  name text not null,
  request json not null,
  request_hash text not null,
  status text not null,
  verdict text,
  plan json,
  head_experiment_id text,
  report bytea,
  error json,
  workflow_id text not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  decided_at timestamp with time zone,
  finished_at timestamp with time zone,
  constraint gates_pkey PRIMARY KEY (id),
  constraint gates_head_experiment_id_fkey FOREIGN KEY (head_experiment_id) REFERENCES assay.experiments(id) ON DELETE CASCADE,
  constraint gates_project_fkey FOREIGN KEY (project) REFERENCES assay.projects(id) ON DELETE CASCADE,
  constraint gates_check CHECK ((id = ((project || '/'::text) || name))),
  constraint gates_check1 CHECK (((status = 'decided'::text) = (verdict IS NOT NULL))),
  constraint gates_status_check CHECK ((status = ANY (ARRAY['running'::text, 'decided'::text, 'failed'::text]))),
  constraint gates_verdict_check CHECK ((verdict = ANY (ARRAY['pass'::text, 'regress'::text, 'inconclusive'::text])))
);

CREATE INDEX gates_newest ON assay.gates USING btree (project, created_at DESC, id DESC);

CREATE INDEX gates_of_run ON assay.gates USING btree (head_experiment_id, decided_at DESC) WHERE (head_experiment_id IS NOT NULL);

create table assay.governor_keys (
  key text not null,
  experiment_id text,
  version bigint not null,
  state json not null,
  seen_at timestamp with time zone default clock_timestamp() not null,
  constraint governor_keys_pkey PRIMARY KEY (key),
  constraint governor_keys_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES assay.experiments(id) ON DELETE CASCADE
);

CREATE INDEX governor_keys_experiment ON assay.governor_keys USING btree (experiment_id) WHERE (experiment_id IS NOT NULL);

create table assay.journal_owners (
  owner text not null,
  worker text not null,
  started_at timestamp with time zone default clock_timestamp() not null,
  lease_until timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint journal_owners_pkey PRIMARY KEY (owner)
);

create table assay.migrations (
  id integer default nextval('assay.migrations_id_seq'::regclass) not null,
  name character varying(255) not null,
  run_on timestamp without time zone not null,
  constraint migrations_pkey PRIMARY KEY (id)
);

create table assay.outbox (
  id bigint generated always as identity not null,
  experiment_id text,
  platform text not null,
  partition text not null,
  kind text not null,
  cell_id bigint,
  trace_id text default ''::text not null,
  run_id text,
  ids text[] not null,
  body bytea,
  bytes integer not null,
  export_id text,
  sent_at timestamp with time zone,
  refused json,
  created_at timestamp with time zone default clock_timestamp() not null,
  adds_to_trace boolean default false not null,
  migration_id text,
  constraint outbox_pkey PRIMARY KEY (id),
  constraint outbox_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES assay.experiments(id) ON DELETE CASCADE,
  constraint outbox_migration_id_fkey FOREIGN KEY (migration_id) REFERENCES assay.platform_migrations(id) ON DELETE CASCADE,
  constraint outbox_kind_check CHECK ((kind = ANY (ARRAY['spans'::text, 'scores'::text]))),
  constraint outbox_owner CHECK ((num_nonnulls(experiment_id, migration_id) = 1)),
  constraint outbox_place CHECK (
CASE
    WHEN (migration_id IS NULL) THEN ((cell_id IS NULL) = (run_id IS NOT NULL))
    ELSE (num_nonnulls(cell_id, run_id) = 0)
END)
);

CREATE INDEX outbox_by_experiment ON assay.outbox USING btree (experiment_id, platform, kind, id);

CREATE INDEX outbox_by_migration ON assay.outbox USING btree (migration_id, kind, id) WHERE (migration_id IS NOT NULL);

CREATE UNIQUE INDEX outbox_of_run ON assay.outbox USING btree (experiment_id, platform, run_id, (ids[1])) WHERE (run_id IS NOT NULL);

CREATE INDEX outbox_pending ON assay.outbox USING btree (platform, partition, kind, id) WHERE ((sent_at IS NULL) AND (refused IS NULL));

CREATE TRIGGER count_deleted AFTER DELETE ON assay.outbox REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION assay.count_deleted_outbox();

CREATE TRIGGER count_inserted AFTER INSERT ON assay.outbox REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION assay.count_inserted_outbox();

CREATE TRIGGER count_updated AFTER UPDATE ON assay.outbox REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION assay.count_updated_outbox();

create table assay.outbox_counts (
  experiment_id text not null,
  platform text not null,
  backend integer not null,
  traces integer default 0 not null,
  sent_traces integer default 0 not null,
  waiting_additions integer default 0 not null,
  scores integer default 0 not null,
  sent_scores integer default 0 not null,
  run_scores integer default 0 not null,
  refused integer default 0 not null,
  constraint outbox_counts_pkey PRIMARY KEY (experiment_id, platform, backend),
  constraint outbox_counts_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES assay.experiments(id) ON DELETE CASCADE
);

create table assay.outbox_exports (
  export_id text not null,
  platform text not null,
  partition text not null,
  kind text not null,
  row_ids bigint[] not null,
  intended_at timestamp with time zone not null,
  marked_at timestamp with time zone,
  resends integer default 0 not null,
  turned_away text[],
  keys_refused_since timestamp with time zone,
  outcome text,
  failing_since timestamp with time zone,
  failing_with json,
  constraint outbox_exports_pkey PRIMARY KEY (export_id),
  constraint outbox_exports_kind_check CHECK ((kind = ANY (ARRAY['spans'::text, 'scores'::text])))
);

CREATE INDEX outbox_exports_open ON assay.outbox_exports USING btree (platform, partition) WHERE (marked_at IS NULL);

create table assay.pass_counts (
  experiment_id text not null,
  pass integer not null,
  backend integer not null,
  status text not null,
  cells integer not null,
  constraint pass_counts_pkey PRIMARY KEY (experiment_id, pass, backend, status),
  constraint pass_counts_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES assay.experiments(id) ON DELETE CASCADE
);

create table assay.platform_deletions (
  id bigint generated always as identity not null,
  experiment_id text not null,
  platform text not null,
  kind text not null,
  target_id text not null,
  pass integer not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  done_at timestamp with time zone,
  refused text,
  constraint platform_deletions_pkey PRIMARY KEY (id),
  constraint platform_deletions_experiment_id_platform_kind_target_id_key UNIQUE (experiment_id, platform, kind, target_id),
  constraint platform_deletions_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES assay.experiments(id) ON DELETE CASCADE,
  constraint platform_deletions_kind_check CHECK ((kind = ANY (ARRAY['trace'::text, 'score'::text])))
);

CREATE INDEX platform_deletions_open ON assay.platform_deletions USING btree (experiment_id, platform, id) WHERE (done_at IS NULL);

create table assay.platform_migration_cursors (
  migration_id text not null,
  kind text not null,
  container text not null,
  cursor text,
  done boolean default false not null,
  constraint platform_migration_cursors_pkey PRIMARY KEY (migration_id, kind, container),
  constraint platform_migration_cursors_migration_id_fkey FOREIGN KEY (migration_id) REFERENCES assay.platform_migrations(id) ON DELETE CASCADE
);

create table assay.platform_migration_items (
  migration_id text not null,
  kind text not null,
  source_id text not null,
  container text default ''::text not null,
  name text default ''::text not null,
  target_id text,
  source_hash text,
  target_hash text,
  state text not null,
  written_here boolean default false not null,
  reason text,
  held bigint,
  began_at timestamp with time zone,
  last_at timestamp with time zone,
  seen bigint,
  run text,
  constraint platform_migration_items_pkey PRIMARY KEY (migration_id, kind, source_id),
  constraint platform_migration_items_migration_id_fkey FOREIGN KEY (migration_id) REFERENCES assay.platform_migrations(id) ON DELETE CASCADE,
  constraint platform_migration_items_state_check CHECK ((state = ANY (ARRAY['found'::text, 'written'::text, 'verified'::text, 'differs'::text, 'left'::text])))
);

CREATE INDEX platform_migration_items_by_state ON assay.platform_migration_items USING btree (migration_id, kind, state, container, source_id);

CREATE INDEX platform_migration_items_by_target ON assay.platform_migration_items USING btree (migration_id, kind, target_id);

CREATE INDEX platform_migration_traces_by_time ON assay.platform_migration_items USING btree (migration_id, container, began_at, source_id) WHERE (kind = 'trace'::text);

create table assay.platform_migrations (
  id text not null,
  project text not null,
  name text not null,
  direction text not null,
  spec jsonb not null,
  status text not null,
  source jsonb,
  target jsonb,
  waiting text,
  error jsonb,
  ambiguous_resends integer default 0 not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint platform_migrations_pkey PRIMARY KEY (id),
  constraint platform_migrations_project_name_key UNIQUE (project, name),
  constraint platform_migrations_direction_check CHECK ((direction = ANY (ARRAY['langsmith-to-langfuse'::text, 'langfuse-to-langsmith'::text])))
);

create table assay.platform_places (
  key_hash text not null,
  place text not null,
  seen_at timestamp with time zone default clock_timestamp() not null,
  constraint platform_places_pkey PRIMARY KEY (key_hash)
);

create table assay.projects (
  id text not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint projects_pkey PRIMARY KEY (id)
);

create table assay.prompt_copies (
  project text not null,
  source text not null,
  prompt text not null,
  selector text not null,
  version text not null,
  content json not null,
  content_hash text not null,
  labels json not null,
  fetched_at timestamp with time zone default clock_timestamp() not null,
  constraint prompt_copies_pkey PRIMARY KEY (project, source, prompt, selector)
);

create table assay.prompt_moves (
  id bigint generated always as identity not null,
  key text not null,
  project text not null,
  platform text not null,
  prompt text not null,
  label text not null,
  kind text not null,
  from_version text,
  to_version text not null,
  content_hash text not null,
  gate text,
  reason text,
  actor text not null,
  asked_at timestamp with time zone default clock_timestamp() not null,
  done_at timestamp with time zone,
  constraint prompt_moves_pkey PRIMARY KEY (id),
  constraint prompt_moves_key_key UNIQUE (key),
  constraint prompt_moves_project_fkey FOREIGN KEY (project) REFERENCES assay.projects(id) ON DELETE CASCADE,
  constraint prompt_moves_kind_check CHECK ((kind = ANY (ARRAY['push'::text, 'promote'::text, 'rollback'::text])))
);

CREATE INDEX prompt_moves_newest ON assay.prompt_moves USING btree (project, prompt, id DESC);

create table assay.publication (
  experiment_id text not null,
  platform text not null,
  ambiguous_resends integer default 0 not null,
  takeovers integer default 0 not null,
  verified_traces integer default 0 not null,
  verified_scores integer default 0 not null,
  verified_run_scores integer default 0 not null,
  duplicate_spans integer default 0 not null,
  verified_at timestamp with time zone,
  constraint publication_pkey PRIMARY KEY (experiment_id, platform),
  constraint publication_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES assay.experiments(id) ON DELETE CASCADE
);

create table assay.publisher_sessions (
  platform text not null,
  partition text not null,
  holder text not null,
  backend_pid integer not null,
  backend_start timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  constraint publisher_sessions_pkey PRIMARY KEY (platform, partition)
);

create table assay.scores (
  experiment_id text not null,
  cell_id bigint not null,
  name text not null,
  evaluator text not null,
  type text not null,
  number_value double precision,
  text_value text,
  boolean_value boolean,
  passed boolean,
  comment json,
  hash uuid,
  judge_cost numeric(24,12),
  constraint scores_pkey PRIMARY KEY (cell_id, name),
  constraint scores_cell_id_fkey FOREIGN KEY (cell_id) REFERENCES assay.experiment_cells(id) ON DELETE CASCADE,
  constraint scores_type_check CHECK ((type = ANY (ARRAY['NUMERIC'::text, 'BOOLEAN'::text, 'CATEGORICAL'::text])))
);

CREATE INDEX scores_reusable ON assay.scores USING btree (hash, cell_id) WHERE (hash IS NOT NULL);

CREATE OR REPLACE FUNCTION assay.add_to_outbox_counts(of_experiment text, of_platform text, more_traces bigint, more_sent_traces bigint, more_waiting bigint, more_scores bigint, more_sent_scores bigint, more_run_scores bigint, more_refused bigint)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  if of_experiment is null
     or (more_traces, more_sent_traces, more_waiting, more_scores, more_sent_scores, more_run_scores, more_refused)
        = (0, 0, 0, 0, 0, 0, 0) then
    return;
  end if;
  insert into assay.outbox_counts as c
    (experiment_id, platform, backend, traces, sent_traces, waiting_additions, scores, sent_scores, run_scores, refused)
  values (of_experiment, of_platform, pg_backend_pid(), more_traces, more_sent_traces, more_waiting, more_scores,
          more_sent_scores, more_run_scores, more_refused)
  on conflict (experiment_id, platform, backend) do update
     set traces = c.traces + excluded.traces, sent_traces = c.sent_traces + excluded.sent_traces,
         waiting_additions = c.waiting_additions + excluded.waiting_additions,
         scores = c.scores + excluded.scores, sent_scores = c.sent_scores + excluded.sent_scores,
         run_scores = c.run_scores + excluded.run_scores, refused = c.refused + excluded.refused;
end $function$;

CREATE OR REPLACE FUNCTION assay.count_deleted_outbox()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform assay.add_to_outbox_counts(experiment_id, platform, sum(way * (spans and not adds_to_trace)::int),
         sum(way * (spans and not adds_to_trace and sent)::int), sum(way * (spans and adds_to_trace and not sent)::int),
         sum(way * scores), sum(way * scores * sent::int), sum(way * run_scores), sum(way * refused))
    from (
      select -1 as way, experiment_id, platform, sent_at is not null as sent,
             kind = 'spans' and coalesce(json_array_length(refused), 0) < cardinality(ids) as spans, adds_to_trace,
             case when kind = 'scores' and run_id is null then cardinality(ids) - coalesce(json_array_length(refused), 0)
                  else 0 end as scores,
             case when run_id is null then 0 else cardinality(ids) - coalesce(json_array_length(refused), 0)
                  end as run_scores,
             coalesce(json_array_length(refused), 0) as refused
        from deleted
    ) as x
   where exists (select from assay.experiments e where e.id = x.experiment_id)
   group by experiment_id, platform order by experiment_id, platform;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION assay.count_inserted_cells()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into assay.cell_counts as c (experiment_id, backend, status, cells)
  select experiment_id, pg_backend_pid(), status, count(*)
    from inserted where latest group by experiment_id, status order by experiment_id, status
  on conflict (experiment_id, backend, status) do update set cells = c.cells + excluded.cells;
  if exists (select from inserted where pass > 1) then
    insert into assay.pass_counts as c (experiment_id, pass, backend, status, cells)
    select experiment_id, pass, pg_backend_pid(), status, count(*)
      from inserted where pass > 1 group by experiment_id, pass, status order by experiment_id, pass, status
    on conflict (experiment_id, pass, backend, status) do update set cells = c.cells + excluded.cells;
  end if;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION assay.count_inserted_outbox()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform assay.add_to_outbox_counts(experiment_id, platform, sum(way * (spans and not adds_to_trace)::int),
         sum(way * (spans and not adds_to_trace and sent)::int), sum(way * (spans and adds_to_trace and not sent)::int),
         sum(way * scores), sum(way * scores * sent::int), sum(way * run_scores), sum(way * refused))
    from (
      select 1 as way, experiment_id, platform, sent_at is not null as sent,
             kind = 'spans' and coalesce(json_array_length(refused), 0) < cardinality(ids) as spans, adds_to_trace,
             case when kind = 'scores' and run_id is null then cardinality(ids) - coalesce(json_array_length(refused), 0)
                  else 0 end as scores,
             case when run_id is null then 0 else cardinality(ids) - coalesce(json_array_length(refused), 0)
                  end as run_scores,
             coalesce(json_array_length(refused), 0) as refused
        from inserted
    ) as x
   group by experiment_id, platform order by experiment_id, platform;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION assay.count_updated_cells()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into assay.cell_counts as c (experiment_id, backend, status, cells)
  select experiment_id, pg_backend_pid(), status, sum(change)
    from (select experiment_id, status, 1 as change from after where latest
          union all
          select experiment_id, status, -1 from before where latest) as changes
   group by experiment_id, status having sum(change) <> 0 order by experiment_id, status
  on conflict (experiment_id, backend, status) do update set cells = c.cells + excluded.cells;
  if exists (select from after where pass > 1) then
    insert into assay.pass_counts as c (experiment_id, pass, backend, status, cells)
    select experiment_id, pass, pg_backend_pid(), status, sum(change)
      from (select experiment_id, pass, status, 1 as change from after where pass > 1
            union all
            select experiment_id, pass, status, -1 from before where pass > 1) as changes
     group by experiment_id, pass, status having sum(change) <> 0 order by experiment_id, pass, status
    on conflict (experiment_id, pass, backend, status) do update set cells = c.cells + excluded.cells;
  end if;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION assay.count_updated_outbox()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform assay.add_to_outbox_counts(experiment_id, platform, sum(way * (spans and not adds_to_trace)::int),
         sum(way * (spans and not adds_to_trace and sent)::int), sum(way * (spans and adds_to_trace and not sent)::int),
         sum(way * scores), sum(way * scores * sent::int), sum(way * run_scores), sum(way * refused))
    from (
      select 1 as way, experiment_id, platform, sent_at is not null as sent,
             kind = 'spans' and coalesce(json_array_length(refused), 0) < cardinality(ids) as spans, adds_to_trace,
             case when kind = 'scores' and run_id is null then cardinality(ids) - coalesce(json_array_length(refused), 0)
                  else 0 end as scores,
             case when run_id is null then 0 else cardinality(ids) - coalesce(json_array_length(refused), 0)
                  end as run_scores,
             coalesce(json_array_length(refused), 0) as refused
        from after
      union all
      select -1 as way, experiment_id, platform, sent_at is not null as sent,
             kind = 'spans' and coalesce(json_array_length(refused), 0) < cardinality(ids) as spans, adds_to_trace,
             case when kind = 'scores' and run_id is null then cardinality(ids) - coalesce(json_array_length(refused), 0)
                  else 0 end as scores,
             case when run_id is null then 0 else cardinality(ids) - coalesce(json_array_length(refused), 0)
                  end as run_scores,
             coalesce(json_array_length(refused), 0) as refused
        from before
    ) as x
   group by experiment_id, platform order by experiment_id, platform;
  return null;
end $function$;
