const now = `date_trunc('milliseconds', clock_timestamp())`;

/**
 * The tables that a v3 server reads from, written in the modes `legacy` and `dual`: one state per trace and
 * observation. As with scores, the state at an instant is the row with `visible_at <= instant < superseded_at`.
 * `indirect` marks what reaches the v4 tables only by a job; `propagated` what the job has carried there.
 */
export const v3Tables: readonly string[] = [
  `create table if not exists v3_traces (
    seq bigint generated always as identity primary key,
    project_id text not null, id text not null,
    visible_at timestamptz not null, superseded_at timestamptz not null default 'infinity',
    timestamp timestamptz not null, name text, user_id text, session_id text, environment text not null,
    release text, version text, tags text[] not null, public boolean not null, input text, output text,
    metadata jsonb not null, indirect boolean not null, propagated boolean not null default false,
    created_at timestamptz not null, updated_at timestamptz not null)`,
  `create unique index if not exists v3_traces_latest on v3_traces (project_id, id) where superseded_at = 'infinity'`,
  `create index if not exists v3_traces_id on v3_traces (project_id, id)`,
  `create index if not exists v3_traces_time on v3_traces (project_id, timestamp desc, id desc)`,
  `create index if not exists v3_traces_session on v3_traces (project_id, session_id) where session_id is not null`,
  `create index if not exists v3_traces_waiting on v3_traces (project_id) where indirect and not propagated`,
  `create table if not exists v3_observations (
    seq bigint generated always as identity primary key,
    project_id text not null, id text not null, trace_id text not null,
    visible_at timestamptz not null, superseded_at timestamptz not null default 'infinity',
    type text not null, parent_id text, start_time timestamptz not null, end_time timestamptz, name text,
    level text not null, environment text not null, version text, model text, prompt_id text, input text, output text,
    metadata jsonb not null, detail jsonb not null, indirect boolean not null,
    propagated boolean not null default false,
    created_at timestamptz not null, updated_at timestamptz not null)`,
  `create unique index if not exists v3_observations_latest on v3_observations (project_id, id)
    where superseded_at = 'infinity'`,
  `create index if not exists v3_observations_id on v3_observations (project_id, id)`,
  `create index if not exists v3_observations_trace on v3_observations (project_id, trace_id, start_time)`,
  `create index if not exists v3_observations_time on v3_observations (project_id, start_time desc, id desc)`,
  `create index if not exists v3_observations_waiting on v3_observations (project_id, trace_id)
    where indirect and not propagated`,
  `create table if not exists v3_sessions (
    project_id text not null, id text not null, environment text not null, created_at timestamptz not null,
    primary key (project_id, id))`,
  `create table if not exists dataset_runs (
    project_id text not null, id text not null, dataset_id text not null, name text not null, description text,
    metadata jsonb, seq bigint generated always as identity,
    created_at timestamptz not null default ${now}, updated_at timestamptz not null default ${now},
    primary key (project_id, id), unique (project_id, dataset_id, name))`,
  `create table if not exists dataset_run_items (
    seq bigint generated always as identity primary key,
    project_id text not null, id text not null, run_id text not null, item_id text not null, trace_id text not null,
    observation_id text, visible_at timestamptz not null, superseded_at timestamptz not null default 'infinity',
    created_at timestamptz not null)`,
  `create unique index if not exists dataset_run_items_latest on dataset_run_items (project_id, run_id, item_id)
    where superseded_at = 'infinity'`,
  `create index if not exists dataset_run_items_run on dataset_run_items (project_id, run_id, created_at desc, seq desc)`,
  `create index if not exists dataset_run_items_trace on dataset_run_items (project_id, trace_id)`,
  // The same columns as `observations`, so pages and metrics read either; dropped first because a view of
  // an older release with other columns cannot be replaced.
  `drop view if exists v3_rows`,
  `create view v3_rows as
    select o.seq, o.project_id, o.trace_id, o.id, o.parent_id, o.start_time, o.end_time, o.visible_at, o.created_at,
      o.type, coalesce(o.name, '') as name, o.level, o.environment, coalesce(t.user_id, '') as user_id,
      coalesce(t.session_id, '') as session_id, coalesce(o.version, '') as version, o.parent_id is null as is_root,
      coalesce(o.model, '') as model, o.prompt_id, o.input, o.output, o.metadata,
      r.run_id as experiment_id, r.item_id as experiment_item_id,
      r.run_id is not null and o.parent_id is null as is_item_root,
      o.detail || jsonb_strip_nulls(jsonb_build_object('traceName', t.name, 'release', t.release,
        'tags', to_jsonb(t.tags), 'public', t.public, 'experiment', case when r.run_id is not null
          then jsonb_build_object('name', r.name, 'datasetId', r.dataset_id) end)) as detail
    from v3_observations o
    left join v3_traces t on t.project_id = o.project_id and t.id = o.trace_id
      and t.visible_at <= clock_timestamp() and t.superseded_at > clock_timestamp()
    left join lateral (select i.run_id, i.item_id, d.name, d.dataset_id
      from dataset_run_items i join dataset_runs d on d.project_id = i.project_id and d.id = i.run_id
      where i.project_id = o.project_id and i.trace_id = o.trace_id
        and i.visible_at <= clock_timestamp() and i.superseded_at > clock_timestamp()
      order by i.seq desc limit 1) r on true
    where o.visible_at <= clock_timestamp() and o.superseded_at > clock_timestamp()`,
];
