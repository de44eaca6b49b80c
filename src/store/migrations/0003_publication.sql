-- What goes to the platforms: bytes first, then intents, then marks.

create table assay.outbox (
  id bigint generated always as identity primary key,
  experiment_id text not null references assay.experiments (id) on delete cascade,
  platform text not null,
  partition text not null,
  kind text not null check (kind in ('spans', 'scores')),
  -- A record belongs to a cell, or to the run as a whole (its scores): then it has neither cell nor trace but the
  -- platform's run.
  cell_id bigint,
  trace_id text not null default '',
  run_id text,
  ids text[] not null,
  -- gzip; null once it was verified and dropped.
  body bytea,
  -- Of the body before compression.
  bytes integer not null,
  -- The first export that held the row, for ever: the platform is asked for it by this id. Written with the mark;
  -- until then the row stands in row_ids of the open export, so that each row is rewritten only once.
  export_id text,
  sent_at timestamptz,
  -- [{id, reason}] of what the platform refused for good.
  refused json,
  created_at timestamptz not null default clock_timestamp(),
  check ((cell_id is null) = (run_id is not null))
);

-- Closing a run's cells can be repeated; its scores are put out once.
create unique index outbox_of_run on assay.outbox (experiment_id, platform, run_id, (ids[1]))
  where run_id is not null;
create index outbox_pending on assay.outbox (platform, partition, kind, id)
  where sent_at is null and refused is null;
create index outbox_by_experiment on assay.outbox (experiment_id, platform, kind, id);

create table assay.outbox_exports (
  export_id text primary key,
  platform text not null,
  partition text not null,
  kind text not null check (kind in ('spans', 'scores')),
  row_ids bigint[] not null,
  intended_at timestamptz not null,
  marked_at timestamptz,
  -- How often it was sent again after an unclear answer and a fruitless search.
  resends integer not null default 0,
  -- The ids of the last try, where it certainly did not arrive; they are sent again without a search and uncounted.
  turned_away text[],
  -- Since when the platform has refused the keys at this export, with no other answer in between.
  keys_refused_since timestamptz,
  outcome text
);

create index outbox_exports_open on assay.outbox_exports (platform, partition) where marked_at is null;

create table assay.publication (
  experiment_id text not null references assay.experiments (id) on delete cascade,
  platform text not null,
  ambiguous_resends integer not null default 0,
  takeovers integer not null default 0,
  verified_traces integer not null default 0,
  verified_scores integer not null default 0,
  verified_run_scores integer not null default 0,
  duplicate_spans integer not null default 0,
  verified_at timestamptz,
  primary key (experiment_id, platform)
);

create table assay.publisher_sessions (
  platform text not null,
  partition text not null,
  holder text not null,
  backend_pid integer not null,
  backend_start timestamptz not null,
  seen_at timestamptz not null,
  primary key (platform, partition)
);
