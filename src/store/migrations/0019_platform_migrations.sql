-- Moves from one platform to another: what was asked for, what was found, and where each thing went.

create table assay.platform_migrations (
  id text primary key,
  project text not null,
  name text not null,
  direction text not null check (direction in ('langsmith-to-langfuse', 'langfuse-to-langsmith')),
  spec jsonb not null,
  spec_hash text not null,
  status text not null,
  -- The projects there: a key of another project must never be written to by a resumed move.
  source jsonb,
  target jsonb,
  error jsonb,
  report jsonb,
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
  -- What it belongs to there: the dataset of an item, the group of a trace.
  container text not null default '',
  target_id text,
  source_hash text,
  target_hash text,
  state text not null check (state in ('found', 'written', 'verified', 'left')),
  -- Why it was left, or what of it was not carried.
  reason text,
  primary key (migration_id, kind, source_id)
);

create index platform_migration_items_by_state
  on assay.platform_migration_items (migration_id, kind, container, state);

-- How far the pages of each container were read; what is behind it stands in items.
create table assay.platform_migration_cursors (
  migration_id text not null references assay.platform_migrations (id) on delete cascade,
  kind text not null,
  container text not null,
  cursor text,
  done boolean not null default false,
  primary key (migration_id, kind, container)
);
