-- Baselines: what runs are compared with. Gates: comparisons that decide, and what came of them.

create table assay.baselines (
  id bigint generated always as identity primary key,
  project text not null references assay.projects (id) on delete cascade,
  name text not null,
  dataset text not null,
  -- The run that it was saved from: its outputs are what a re-judgement judges.
  experiment_id text not null references assay.experiments (id) on delete cascade,
  run_uid text not null,
  manifest json not null,
  manifest_hash text not null,
  -- Of the cells that count; 0 while they are being written for the first time. Whoever reads cells reads those of one
  -- version, so a renewal that is killed midway leaves the old ones whole.
  version integer not null default 0,
  cells integer not null default 0,
  -- Whether gates take it where they are told no other.
  promoted boolean not null default false,
  promoted_at timestamptz,
  -- Why a run of today cannot be compared with it as a whole: [{at, message}].
  stale json,
  stale_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  renewed_at timestamptz,
  unique (project, name)
);

create unique index baselines_promoted on assay.baselines (project, dataset) where promoted;

-- Scores as they were when the baseline was saved: the run may be judged again, extended or pruned afterwards. Some thousand
-- cells a row, as gzip of JSON: a comparison reads all of them, nobody reads one.
create table assay.baseline_cells (
  baseline_id bigint not null references assay.baselines (id) on delete cascade,
  version integer not null,
  page integer not null,
  body bytea not null,
  primary key (baseline_id, version, page)
);

create table assay.gates (
  id text primary key,
  project text not null references assay.projects (id) on delete cascade,
  name text not null,
  request json not null,
  request_hash text not null,
  status text not null check (status in ('running', 'decided', 'failed')),
  verdict text check (verdict in ('pass', 'regress', 'inconclusive')),
  -- What was admitted: the policy, both sides, the runs that are started.
  plan json,
  head_experiment_id text references assay.experiments (id) on delete cascade,
  -- The whole comparison, gzip of JSON.
  report bytea,
  error json,
  workflow_id text not null,
  created_at timestamptz not null default clock_timestamp(),
  decided_at timestamptz,
  finished_at timestamptz,
  check (id = project || '/' || name),
  check ((status = 'decided') = (verdict is not null))
);

create index gates_newest on assay.gates (project, created_at desc, id desc);
create index gates_of_run on assay.gates (head_experiment_id, decided_at desc)
  where head_experiment_id is not null;
