-- What the workers share of each limit: leases of shares, the rate that was found, waits that were asked for.
--
-- One row per key (a model at an address, a run, a platform), rewritten by each worker a few times a second and only where
-- nobody wrote since it was read (`version`): no lock is held between two statements, so a frozen worker holds up nobody.
create table assay.governor_keys (
  key text primary key,
  -- Of a run's key: its concurrency is the truth there.
  experiment_id text references assay.experiments (id) on delete cascade,
  version bigint not null,
  state json not null,
  seen_at timestamptz not null default clock_timestamp()
)
-- Rewritten all the time: room for it on the same page.
with (fillfactor = 40, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

create index governor_keys_experiment on assay.governor_keys (experiment_id)
  where experiment_id is not null;
