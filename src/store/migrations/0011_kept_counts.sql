-- What each platform is to hold of a run and holds already, kept while the outbox is written: every look of every person who
-- watches a run read its whole outbox, 400,000 rows of a run of 200,000 cells. And where the rows of passes stand.

alter table assay.outbox
  -- Spans that come to a trace whose root stands in an earlier row, as those of a re-judgement: no trace of their own.
  add column adds_to_trace boolean not null default false;

update assay.outbox o set adds_to_trace = true
  from (select id, row_number() over (partition by experiment_id, platform, trace_id order by id) as place
          from assay.outbox where kind = 'spans') as p
 where p.id = o.id and p.place > 1;

create table assay.outbox_counts (
  experiment_id text not null references assay.experiments (id) on delete cascade,
  platform text not null,
  -- The server process that counted. Each adds to a row of its own, so that cells which are committed never wait for the
  -- publisher that marks; a figure is the sum over them, and one of them alone can be negative.
  backend integer not null,
  -- Rows with the root of a trace, less those that were refused as a whole; and those of them that were sent.
  traces integer not null default 0,
  sent_traces integer not null default 0,
  -- Rows that add to a trace and wait to be sent: until then that trace is not whole.
  waiting_additions integer not null default 0,
  -- Ids of scores of cells, less the refused ones; and those of them that were sent.
  scores integer not null default 0,
  sent_scores integer not null default 0,
  -- Ids of scores of the run as a whole, less the refused ones.
  run_scores integer not null default 0,
  -- Ids of spans and scores that the platform refused for good.
  refused integer not null default 0,
  primary key (experiment_id, platform, backend)
)
-- Room for the next version of a row beside it, so that counting writes no index.
with (fillfactor = 50);

-- Adds to the row of this server process; nothing is written where nothing changes.
create function assay.add_to_outbox_counts(
  of_experiment text, of_platform text, more_traces bigint, more_sent_traces bigint, more_waiting bigint,
  more_scores bigint, more_sent_scores bigint, more_run_scores bigint, more_refused bigint
) returns void language plpgsql as $$
begin
  if (more_traces, more_sent_traces, more_waiting, more_scores, more_sent_scores, more_run_scores, more_refused)
     = (0, 0, 0, 0, 0, 0, 0) then
    return;
  end if;
  insert into assay.outbox_counts as c
    (experiment_id, platform, backend, traces, sent_traces, waiting_additions, scores, sent_scores, run_scores, refused)
  values (of_experiment, of_platform, pg_backend_pid(), more_traces, more_sent_traces, more_waiting, more_scores,
          more_sent_scores, more_run_scores, more_refused)
  on conflict (experiment_id, platform, backend) do update
     set traces = c.traces + excluded.traces, sent_traces = c.sent_traces + excluded.sent_traces,
         waiting_additions = c.waiting_additions + excluded.waiting_additions,
         scores = c.scores + excluded.scores, sent_scores = c.sent_scores + excluded.sent_scores,
         run_scores = c.run_scores + excluded.run_scores, refused = c.refused + excluded.refused;
end $$;

create function assay.count_inserted_outbox() returns trigger language plpgsql as $$
begin
  perform assay.add_to_outbox_counts(experiment_id, platform, sum(way * (spans and not adds_to_trace)::int),
         sum(way * (spans and not adds_to_trace and sent)::int), sum(way * (spans and adds_to_trace and not sent)::int),
         sum(way * scores), sum(way * scores * sent::int), sum(way * run_scores), sum(way * refused))
    from (
      select 1 as way, experiment_id, platform, sent_at is not null as sent,
             kind = 'spans' and coalesce(json_array_length(refused), 0) < cardinality(ids) as spans, adds_to_trace,
             case when kind = 'scores' and run_id is null then cardinality(ids) - coalesce(json_array_length(refused), 0)
                  else 0 end as scores,
             case when run_id is null then 0 else cardinality(ids) - coalesce(json_array_length(refused), 0)
                  end as run_scores,
             coalesce(json_array_length(refused), 0) as refused
        from inserted
    ) as x
   group by experiment_id, platform order by experiment_id, platform;
  return null;
end $$;

-- Marks, and rows that are sent again. Bodies that are dropped change no figure.
create function assay.count_updated_outbox() returns trigger language plpgsql as $$
begin
  perform assay.add_to_outbox_counts(experiment_id, platform, sum(way * (spans and not adds_to_trace)::int),
         sum(way * (spans and not adds_to_trace and sent)::int), sum(way * (spans and adds_to_trace and not sent)::int),
         sum(way * scores), sum(way * scores * sent::int), sum(way * run_scores), sum(way * refused))
    from (
      select 1 as way, experiment_id, platform, sent_at is not null as sent,
             kind = 'spans' and coalesce(json_array_length(refused), 0) < cardinality(ids) as spans, adds_to_trace,
             case when kind = 'scores' and run_id is null then cardinality(ids) - coalesce(json_array_length(refused), 0)
                  else 0 end as scores,
             case when run_id is null then 0 else cardinality(ids) - coalesce(json_array_length(refused), 0)
                  end as run_scores,
             coalesce(json_array_length(refused), 0) as refused
        from after
      union all
      select -1 as way, experiment_id, platform, sent_at is not null as sent,
             kind = 'spans' and coalesce(json_array_length(refused), 0) < cardinality(ids) as spans, adds_to_trace,
             case when kind = 'scores' and run_id is null then cardinality(ids) - coalesce(json_array_length(refused), 0)
                  else 0 end as scores,
             case when run_id is null then 0 else cardinality(ids) - coalesce(json_array_length(refused), 0)
                  end as run_scores,
             coalesce(json_array_length(refused), 0) as refused
        from before
    ) as x
   group by experiment_id, platform order by experiment_id, platform;
  return null;
end $$;

-- What a later pass replaced. Where a whole run is deleted its counts go as well: nothing may be added to them then.
create function assay.count_deleted_outbox() returns trigger language plpgsql as $$
begin
  perform assay.add_to_outbox_counts(experiment_id, platform, sum(way * (spans and not adds_to_trace)::int),
         sum(way * (spans and not adds_to_trace and sent)::int), sum(way * (spans and adds_to_trace and not sent)::int),
         sum(way * scores), sum(way * scores * sent::int), sum(way * run_scores), sum(way * refused))
    from (
      select -1 as way, experiment_id, platform, sent_at is not null as sent,
             kind = 'spans' and coalesce(json_array_length(refused), 0) < cardinality(ids) as spans, adds_to_trace,
             case when kind = 'scores' and run_id is null then cardinality(ids) - coalesce(json_array_length(refused), 0)
                  else 0 end as scores,
             case when run_id is null then 0 else cardinality(ids) - coalesce(json_array_length(refused), 0)
                  end as run_scores,
             coalesce(json_array_length(refused), 0) as refused
        from deleted
    ) as x
   where exists (select from assay.experiments e where e.id = x.experiment_id)
   group by experiment_id, platform order by experiment_id, platform;
  return null;
end $$;

create trigger count_inserted after insert on assay.outbox
  referencing new table as inserted for each statement execute function assay.count_inserted_outbox();
create trigger count_updated after update on assay.outbox
  referencing old table as before new table as after
  for each statement execute function assay.count_updated_outbox();
create trigger count_deleted after delete on assay.outbox
  referencing old table as deleted for each statement execute function assay.count_deleted_outbox();

select assay.add_to_outbox_counts(experiment_id, platform, sum(way * (spans and not adds_to_trace)::int),
         sum(way * (spans and not adds_to_trace and sent)::int), sum(way * (spans and adds_to_trace and not sent)::int),
         sum(way * scores), sum(way * scores * sent::int), sum(way * run_scores), sum(way * refused))
  from (
      select 1 as way, experiment_id, platform, sent_at is not null as sent,
             kind = 'spans' and coalesce(json_array_length(refused), 0) < cardinality(ids) as spans, adds_to_trace,
             case when kind = 'scores' and run_id is null then cardinality(ids) - coalesce(json_array_length(refused), 0)
                  else 0 end as scores,
             case when run_id is null then 0 else cardinality(ids) - coalesce(json_array_length(refused), 0)
                  end as run_scores,
             coalesce(json_array_length(refused), 0) as refused
        from assay.outbox
  ) as x
 group by experiment_id, platform;

-- How the rows of a pass stand, kept in the same way: a look at a pass over a million cells read all of its rows.
create table assay.pass_counts (
  experiment_id text not null references assay.experiments (id) on delete cascade,
  pass integer not null,
  -- As of cell_counts.
  backend integer not null,
  status text not null,
  cells integer not null,
  primary key (experiment_id, pass, backend, status)
)
with (fillfactor = 50);

-- Most cells are those of runs themselves, of which cell_counts tell all: they cost a look at the statement's rows.
create or replace function assay.count_inserted_cells() returns trigger language plpgsql as $$
begin
  insert into assay.cell_counts as c (experiment_id, backend, status, cells)
  select experiment_id, pg_backend_pid(), status, count(*)
    from inserted where latest group by experiment_id, status order by experiment_id, status
  on conflict (experiment_id, backend, status) do update set cells = c.cells + excluded.cells;
  if exists (select from inserted where pass > 1) then
    insert into assay.pass_counts as c (experiment_id, pass, backend, status, cells)
    select experiment_id, pass, pg_backend_pid(), status, count(*)
      from inserted where pass > 1 group by experiment_id, pass, status order by experiment_id, pass, status
    on conflict (experiment_id, pass, backend, status) do update set cells = c.cells + excluded.cells;
  end if;
  return null;
end $$;

create or replace function assay.count_updated_cells() returns trigger language plpgsql as $$
begin
  insert into assay.cell_counts as c (experiment_id, backend, status, cells)
  select experiment_id, pg_backend_pid(), status, sum(change)
    from (select experiment_id, status, 1 as change from after where latest
          union all
          select experiment_id, status, -1 from before where latest) as changes
   group by experiment_id, status having sum(change) <> 0 order by experiment_id, status
  on conflict (experiment_id, backend, status) do update set cells = c.cells + excluded.cells;
  if exists (select from after where pass > 1) then
    insert into assay.pass_counts as c (experiment_id, pass, backend, status, cells)
    select experiment_id, pass, pg_backend_pid(), status, sum(change)
      from (select experiment_id, pass, status, 1 as change from after where pass > 1
            union all
            select experiment_id, pass, status, -1 from before where pass > 1) as changes
     group by experiment_id, pass, status having sum(change) <> 0 order by experiment_id, pass, status
    on conflict (experiment_id, pass, backend, status) do update set cells = c.cells + excluded.cells;
  end if;
  return null;
end $$;

insert into assay.pass_counts (experiment_id, pass, backend, status, cells)
select experiment_id, pass, 0, status, count(*) from assay.experiment_cells where pass > 1
 group by experiment_id, pass, status;
