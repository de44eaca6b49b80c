-- Experiments, their items and cells, and the scores of those cells.
--
-- Bodies are json, not jsonb: jsonb refuses \u0000 and half surrogate pairs, which models do write, and it
-- reorders keys, which would change what a target is given.

create table assay.projects (
  id text primary key,
  created_at timestamptz not null default clock_timestamp()
);

create table assay.experiments (
  id text primary key,
  project text not null references assay.projects (id) on delete cascade,
  name text not null,
  slug text not null,
  run_uid text not null unique,
  spec json not null,
  spec_hash text not null,
  manifest json,
  manifest_hash text,
  status text not null check (
    status in (
      'planning', 'running', 'publishing', 'verifying',
      'completed', 'completed_unverified', 'cancelled', 'failed'
    )
  ),
  workflow_id text not null,
  workflow_run_id text,
  platform_runs json not null default '[]',
  context json,
  planned integer not null default 0,
  seed integer not null,
  concurrency integer not null,
  code_hash text,
  summary json,
  error json,
  created_at timestamptz not null default clock_timestamp(),
  planned_at timestamptz,
  started_at timestamptz,
  cells_done_at timestamptz,
  cancel_requested_at timestamptz,
  finished_at timestamptz,
  check (id = project || '/' || name)
);

create index experiments_newest on assay.experiments (project, created_at desc, id desc);

create table assay.experiment_items (
  experiment_id text not null references assay.experiments (id) on delete cascade,
  ordinal integer not null,
  item_id text not null,
  hash text not null,
  body json not null,
  bytes integer not null,
  platform_item_id text,
  primary key (experiment_id, ordinal),
  unique (experiment_id, item_id)
);

create table assay.experiment_cells (
  id bigint generated always as identity primary key,
  experiment_id text not null,
  ordinal integer not null,
  repetition integer not null,
  revision integer not null default 1,
  -- False once a later revision of the same cell exists: figures take the last revision only.
  latest boolean not null default true,
  position integer not null,
  status text not null default 'pending' check (
    status in ('pending', 'ok', 'target_error', 'evaluator_error', 'skipped')
  ),
  claims integer not null default 0,
  -- Of the attempt that claimed last: a claim that is sent again after a lost connection counts once.
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
  target_cost numeric(24, 12),
  judge_cost numeric(24, 12),
  sanitised boolean not null default false,
  trace_id text,
  started_at timestamptz,
  ended_at timestamptz,
  foreign key (experiment_id, ordinal)
    references assay.experiment_items (experiment_id, ordinal) on delete cascade,
  -- With what counting needs: the cells of a run are counted every second while people watch it, and that must not
  -- read their bodies. An index on the status of its own made the planner sort whole runs for each page of results.
  unique (experiment_id, ordinal, repetition, revision) include (status, latest),
  unique (experiment_id, revision, position)
)
-- Room for the row of a claim beside that of the plan, so that claiming writes no index.
with (fillfactor = 50);

create table assay.scores (
  experiment_id text not null,
  cell_id bigint not null references assay.experiment_cells (id) on delete cascade,
  name text not null,
  evaluator text not null,
  type text not null check (type in ('NUMERIC', 'BOOLEAN', 'CATEGORICAL')),
  number_value double precision,
  text_value text,
  boolean_value boolean,
  passed boolean,
  comment json,
  primary key (cell_id, name)
);

create table assay.artefacts (
  experiment_id text not null references assay.experiments (id) on delete cascade,
  name text not null,
  media_type text not null,
  body bytea not null,
  bytes integer not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (experiment_id, name)
);
