-- A source that is still written to is looked at once more when all of it was read.

alter table assay.platform_migration_items
  -- Of a trace: how many runs the source showed at the second look; what was carried of it stands in held.
  add column seen bigint,
  -- Of an experiment's trace: the name of the experiment that it is in on the target.
  add column run text;
