-- What is done to a run after its end: retries, re-judgements, more repetitions, another look at the platform. Each is a
-- pass over the run; the run itself is the first.

create table assay.experiment_passes (
  experiment_id text not null references assay.experiments (id) on delete cascade,
  pass integer not null check (pass >= 2),
  kind text not null check (kind in ('retry', 'rejudge', 'extend', 'verify')),
  -- What was asked for, and its hash: the same request while the pass goes on is the same pass.
  request json not null,
  request_hash text not null,
  -- Of whoever asked first: an activity that is run again after a lost answer knows its own pass by it.
  token text not null,
  -- How the run stood before, and why it had failed.
  status_before text not null,
  error_before json,
  -- Cells that the pass is to run or judge.
  cells integer not null,
  -- By kind: the evaluators before and after, the repetitions before and after.
  details json not null,
  created_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  status_after text,
  -- How its cells ended, and what was taken off the platform.
  outcome json,
  primary key (experiment_id, pass)
);

create unique index experiment_passes_open on assay.experiment_passes (experiment_id)
  where finished_at is null;

-- A pass runs rows of its own: new revisions (retry), new cells (extend), or judgements (rejudge). A judgement is a row of
-- work beside the cell that it judges: its revision is minus its pass, and it is never the latest.
alter table assay.experiment_cells
  add column pass integer not null default 1,
  -- The row that this one follows, or that it judges.
  add column supersedes bigint;

alter table assay.experiment_cells
  drop constraint experiment_cells_experiment_id_revision_position_key,
  add constraint experiment_cells_experiment_id_pass_position_key unique (experiment_id, pass, position);

-- When the scores of the run as a whole were first put out: they keep that time, since a platform files them by it.
alter table assay.experiments add column scored_at timestamptz;
update assay.experiments set scored_at = cells_done_at;

-- What is to go from a platform: traces of cells that were retried, and scores that nobody gives any more.
create table assay.platform_deletions (
  id bigint generated always as identity primary key,
  experiment_id text not null references assay.experiments (id) on delete cascade,
  platform text not null,
  kind text not null check (kind in ('trace', 'score')),
  target_id text not null,
  pass integer not null,
  created_at timestamptz not null default clock_timestamp(),
  done_at timestamptz,
  -- Why it stayed, where the platform refuses for good.
  refused text,
  unique (experiment_id, platform, kind, target_id)
);

create index platform_deletions_open on assay.platform_deletions (experiment_id, platform, id)
  where done_at is null;
