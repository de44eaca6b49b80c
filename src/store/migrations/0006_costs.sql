-- What cells cost for embeddings, and budgets: what a run may cost in all, and what of it is promised to calls.

alter table assay.experiment_cells add column embedding_cost numeric(24, 12);

create table assay.experiment_budgets (
  experiment_id text primary key references assay.experiments (id) on delete cascade,
  cap numeric(24, 12) not null check (cap > 0),
  -- What was spent, and what is reserved for calls that have not ended. Reserving and settling change this one row, so
  -- that no sum over calls is ever needed to say whether one more fits.
  committed numeric(24, 12) not null default 0,
  -- What the last statement that reserved was given: its reservations are inserted by the same statement.
  granted numeric(24, 12) not null default 0
)
with (fillfactor = 50);

-- One row per call that is under way. It goes when the call is settled; that of a worker that died stays and counts in full.
create table assay.budget_reservations (
  token uuid primary key,
  experiment_id text not null references assay.experiments (id) on delete cascade,
  cell_id bigint not null,
  request_hash text not null,
  occurrence integer not null,
  -- Of journal_owners: whether the call can still end is whether its owner lives.
  owner text not null,
  amount numeric(24, 12) not null check (amount >= 0)
);

create index budget_reservations_of_run on assay.budget_reservations (experiment_id);
create index budget_reservations_of_call on assay.budget_reservations (cell_id, request_hash, occurrence);
