-- Pushes of datasets to platforms: how far each has come, and from when on the dataset stands there.

create table assay.dataset_pushes (
  -- One for each run of the workflow; the platforms of one push go by themselves.
  push_id text not null,
  platform text not null,
  project text not null references assay.projects (id) on delete cascade,
  dataset text not null,
  -- sha256 of the local files: what is pushed is one content.
  stamp text not null,
  items integer not null,
  archive_removed boolean not null,
  phase text not null default 'listing' check (phase in ('listing', 'writing', 'archiving', 'done', 'failed')),
  dataset_id text,
  url text,
  -- Items of the platform that are listed; local items that stand there; both from the beginning.
  listed integer not null default 0,
  cursor integer not null default 0,
  -- A page was begun and may stand in part.
  begun boolean not null default false,
  unchanged integer not null default 0,
  added integer not null default 0,
  changed integer not null default 0,
  removed integer not null default 0,
  archived integer not null default 0,
  requests integer not null default 0,
  -- By the platform's clock.
  last_change text,
  -- What it waits for, for people.
  waiting text,
  error json,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  primary key (push_id, platform)
);

create index dataset_pushes_newest on assay.dataset_pushes (project, dataset, started_at desc);

-- What a platform holds of a dataset that is being pushed: hashes, never texts. Gone when the push has ended.
create table assay.dataset_push_items (
  push_id text not null,
  platform text not null,
  -- The first 16 bytes of the hash of the id there.
  item_key bytea not null,
  platform_id text not null,
  -- Eight bytes of the hash of each field.
  field_keys bytea not null,
  -- Whether the dataset has it, too.
  kept boolean not null default false,
  primary key (push_id, platform, item_key),
  foreign key (push_id, platform) references assay.dataset_pushes (push_id, platform) on delete cascade
);
