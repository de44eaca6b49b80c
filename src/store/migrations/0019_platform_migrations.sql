-- Moves from one platform to another: what was asked for, what was found, and where each thing went.

create table assay.platform_migrations (
  id text primary key,
  project text not null,
  name text not null,
  direction text not null check (direction in ('langsmith-to-langfuse', 'langfuse-to-langsmith')),
  spec jsonb not null,
  -- 'running', 'verified', 'differs', 'failed', 'planned' (a dry run's end)
  status text not null,
  -- The projects there: a move that goes on with keys of another one would write to where nobody looks.
  source jsonb,
  target jsonb,
  waiting text,
  error jsonb,
  -- As of assay.publication.
  ambiguous_resends integer not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  unique (project, name)
);

-- The map of ids, and the state of each thing. A row is written before its thing is, and settled after it stands.
create table assay.platform_migration_items (
  migration_id text not null references assay.platform_migrations (id) on delete cascade,
  -- dataset, item, prompt, prompt_version, experiment, project, trace, score
  kind text not null,
  source_id text not null,
  -- What it belongs to there: the dataset of an item, the group of a trace or score.
  container text not null default '',
  -- As people know it.
  name text not null default '',
  target_id text,
  source_hash text,
  target_hash text,
  -- 'found' is to be written; 'differs' was written and reads back otherwise, or is missing.
  state text not null check (state in ('found', 'written', 'verified', 'differs', 'left')),
  -- Whether this move wrote it, and not one before it.
  written_here boolean not null default false,
  -- Why it was left, what differs, or what of it was not carried.
  reason text,
  -- Of a dataset, project or experiment: how many items or traces the source says are in it.
  held bigint,
  -- Of a trace: when its first and its last span began, by which it is found on the target.
  began_at timestamptz,
  last_at timestamptz,
  primary key (migration_id, kind, source_id)
);

create index platform_migration_items_by_state
  on assay.platform_migration_items (migration_id, kind, state, container, source_id);

create index platform_migration_items_by_target
  on assay.platform_migration_items (migration_id, kind, target_id);
create index platform_migration_traces_by_time
  on assay.platform_migration_items (migration_id, container, began_at, source_id) where kind = 'trace';

-- How far the pages of each container were read; what is behind it stands in items.
create table assay.platform_migration_cursors (
  migration_id text not null references assay.platform_migrations (id) on delete cascade,
  kind text not null,
  container text not null,
  cursor text,
  done boolean not null default false,
  primary key (migration_id, kind, container)
);

-- The outbox also holds what is moved: rows of a move belong to no experiment and no cell.
alter table assay.outbox
  alter column experiment_id drop not null,
  add column migration_id text references assay.platform_migrations (id) on delete cascade,
  drop constraint outbox_check,
  add constraint outbox_owner check (num_nonnulls(experiment_id, migration_id) = 1),
  add constraint outbox_place check (
    case when migration_id is null then (cell_id is null) = (run_id is not null)
         else num_nonnulls(cell_id, run_id) = 0 end);

create index outbox_by_migration on assay.outbox (migration_id, kind, id) where migration_id is not null;

-- What is moved is counted by the move itself.
create or replace function assay.add_to_outbox_counts(
  of_experiment text, of_platform text, more_traces bigint, more_sent_traces bigint, more_waiting bigint,
  more_scores bigint, more_sent_scores bigint, more_run_scores bigint, more_refused bigint
) returns void language plpgsql as $$
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
end $$;
