const now = `date_trunc('milliseconds', clock_timestamp())`;

/**
 * Metadata keys that publishers look their rows up by: an export that may have arrived, all rows of a run.
 * An index over all keys would cost every insert; any other key is found by a scan.
 */
export const indexedMetadataKeys = ['assay.export_id', 'assay.run_uid'] as const;

/**
 * One row per sending of a span (no key over trace and span: a re-sent span is one more row), and score
 * states that replace one another: the state of a score at an instant is the row with
 * `visible_at <= instant < superseded_at`, so an update also shows late and survives a kill.
 */
export const traceTables: readonly string[] = [
  `create table if not exists observations (
    seq bigint generated always as identity primary key,
    project_id text not null, trace_id text not null, id text not null, parent_id text,
    start_time timestamptz not null, end_time timestamptz, visible_at timestamptz not null,
    created_at timestamptz not null default ${now},
    type text not null, name text not null, level text not null, environment text not null,
    user_id text not null, session_id text not null, version text not null, is_root boolean not null,
    model text not null, prompt_id text, input text, output text, metadata jsonb not null,
    experiment_id text, experiment_item_id text, is_item_root boolean not null default false,
    detail jsonb not null)`,
  // Postgres compresses what makes a row longer than 2 kB, which took most of an insert's time.
  `alter table observations set (toast_tuple_target = 8160)`,
  `create index if not exists observations_trace on observations (project_id, trace_id, start_time desc)`,
  `create index if not exists observations_time on observations (project_id, start_time desc, trace_id desc, id desc)`,
  `create index if not exists observations_experiment on observations (project_id, experiment_id, start_time desc)
    where experiment_id is not null`,
  ...indexedMetadataKeys.map(
    (key) => `create index if not exists observations_${key.replace('.', '_')} on observations
      (project_id, (metadata->>'${key}'), start_time desc, trace_id desc, id desc) where metadata ? '${key}'`,
  ),
  `create table if not exists scores (
    seq bigint generated always as identity primary key,
    project_id text not null, id text not null, event_id text,
    visible_at timestamptz not null, superseded_at timestamptz not null default 'infinity',
    name text not null, data_type text not null, number_value double precision, string_value text,
    trace_id text, observation_id text, session_id text, experiment_id text,
    environment text not null, source text not null, comment text, config_id text,
    queue_id text, author_user_id text, metadata jsonb not null,
    timestamp timestamptz not null, created_at timestamptz not null, updated_at timestamptz not null)`,
  `create unique index if not exists scores_latest on scores (project_id, id) where superseded_at = 'infinity'`,
  `create index if not exists scores_id on scores (project_id, id)`,
  `create index if not exists scores_trace on scores (project_id, trace_id)`,
  `create index if not exists scores_time on scores (project_id, timestamp desc, id desc)`,
  `create index if not exists scores_experiment on scores (project_id, experiment_id) where experiment_id is not null`,
  `create index if not exists scores_session on scores (project_id, session_id) where session_id is not null`,
  `create table if not exists comments (
    project_id text not null, id text not null primary key, object_type text not null, object_id text not null,
    content text not null, author_user_id text, created_at timestamptz not null default ${now})`,
];
