-- How many cells of a run stand where, kept while cells are written: counting a million rows for each look of each person who
-- watches took seconds of the database's time, again and again.

create table assay.cell_counts (
  experiment_id text not null references assay.experiments (id) on delete cascade,
  -- The server process that counted. Each adds to rows of its own, so that commits never wait for each other; a figure is
  -- the sum over them, and one of them alone can be negative.
  backend integer not null,
  status text not null,
  cells integer not null,
  primary key (experiment_id, backend, status)
)
-- Room for the next version of a row beside it, so that counting writes no index.
with (fillfactor = 50);

create function assay.count_inserted_cells() returns trigger language plpgsql as $$
begin
  insert into assay.cell_counts as c (experiment_id, backend, status, cells)
  select experiment_id, pg_backend_pid(), status, count(*)
    from inserted where latest group by experiment_id, status order by experiment_id, status
  on conflict (experiment_id, backend, status) do update set cells = c.cells + excluded.cells;
  return null;
end $$;

-- Most updates are claims and commits; a claim changes no count and writes nothing here.
create function assay.count_updated_cells() returns trigger language plpgsql as $$
begin
  insert into assay.cell_counts as c (experiment_id, backend, status, cells)
  select experiment_id, pg_backend_pid(), status, sum(change)
    from (select experiment_id, status, 1 as change from after where latest
          union all
          select experiment_id, status, -1 from before where latest) as changes
   group by experiment_id, status having sum(change) <> 0 order by experiment_id, status
  on conflict (experiment_id, backend, status) do update set cells = c.cells + excluded.cells;
  return null;
end $$;

-- Cells are never deleted but with their whole run, and its counts with it.
create trigger count_inserted after insert on assay.experiment_cells
  referencing new table as inserted for each statement execute function assay.count_inserted_cells();
create trigger count_updated after update on assay.experiment_cells
  referencing old table as before new table as after
  for each statement execute function assay.count_updated_cells();

insert into assay.cell_counts (experiment_id, backend, status, cells)
select experiment_id, 0, status, count(*) from assay.experiment_cells where latest
 group by experiment_id, status;
