-- Old runs keep their figures, scores and reports, and give up their bodies.

alter table assay.experiments
  -- From here on nothing may be run on it again: its bodies are going.
  add column prune_started_at timestamptz,
  add column pruned_at timestamptz;

create index experiments_prunable on assay.experiments (project, finished_at, id)
  where pruned_at is null and finished_at is not null;
