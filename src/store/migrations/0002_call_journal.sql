-- The call journal: one row per paid call, so that no call is paid twice.

create table assay.journal_owners (
  owner text primary key,
  worker text not null,
  started_at timestamptz not null default clock_timestamp(),
  lease_until timestamptz not null,
  -- Set by the owner itself on a clean stop, or by whoever found its lease over. Never unset: an owner whose
  -- lease ran out is dead for good, and a renewal that was on its way finds this and fails.
  ended_at timestamptz
);

create table assay.call_journal (
  -- The cell decides the experiment.
  cell_id bigint not null references assay.experiment_cells (id) on delete cascade,
  request_hash text not null,
  occurrence integer not null,
  purpose text not null,
  -- Of journal_owners; no foreign key, whose check would lock the row that renewals update.
  owner text not null,
  state text not null check (state in ('claimed', 'answered', 'released')),
  claims integer not null default 1,
  claimed_at timestamptz not null default clock_timestamp(),
  answered_at timestamptz,
  status integer,
  headers json,
  -- gzip of the raw response.
  answer bytea,
  usage json,
  started_at timestamptz,
  ended_at timestamptz,
  first_token_ms double precision,
  primary key (cell_id, request_hash, occurrence),
  check ((state = 'answered') = (answer is not null))
);
