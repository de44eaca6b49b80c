-- Who moved which label of a prompt, from which version to which: the platforms do not say, and a rollback goes by it.

create table assay.prompt_moves (
  id bigint generated always as identity primary key,
  -- Of the command, the platform and the label: an activity that is repeated makes no second move.
  key text not null unique,
  project text not null references assay.projects (id) on delete cascade,
  platform text not null,
  prompt text not null,
  label text not null,
  kind text not null check (kind in ('push', 'promote', 'rollback')),
  -- Null where nobody had the label.
  from_version text,
  to_version text not null,
  content_hash text not null,
  -- The gate that let it pass, where one was required.
  gate text,
  reason text,
  -- As the caller says it: nobody has proved it.
  actor text not null,
  -- Written before the platform is asked, so that what the label stood on is never lost.
  asked_at timestamptz not null default clock_timestamp(),
  -- Null while it is not known whether the platform did it.
  done_at timestamptz
);

create index prompt_moves_newest on assay.prompt_moves (project, prompt, id desc);

-- The last good answer of a platform for each prompt that was asked for: what is served while the platform is away.
create table assay.prompt_copies (
  project text not null,
  -- Which server and which project of it, so that two of them never answer for one another.
  source text not null,
  prompt text not null,
  -- `label:production` or `version:3`.
  selector text not null,
  version text not null,
  content json not null,
  content_hash text not null,
  labels json not null,
  fetched_at timestamptz not null default clock_timestamp(),
  primary key (project, source, prompt, selector)
);
