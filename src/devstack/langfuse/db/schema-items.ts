const now = `date_trunc('milliseconds', clock_timestamp())`;

/** Datasets and their versioned items, score configs, prompts, own models. */
export const itemTables: readonly string[] = [
  `create table if not exists datasets (
    project_id text not null, id text not null, name text not null, description text, metadata jsonb,
    input_schema jsonb, expected_output_schema jsonb, seq bigint generated always as identity,
    created_at timestamptz not null default ${now}, updated_at timestamptz not null default ${now},
    primary key (project_id, id), unique (project_id, name))`,
  `create table if not exists dataset_items (
    seq bigint generated always as identity primary key,
    project_id text not null, id text not null, dataset_id text not null, status text not null,
    input jsonb, expected_output jsonb, metadata jsonb, source_trace_id text, source_observation_id text,
    valid_from timestamptz not null, valid_to timestamptz not null default 'infinity', updated_at timestamptz not null)`,
  `create unique index if not exists dataset_items_latest on dataset_items (project_id, id) where valid_to = 'infinity'`,
  `create index if not exists dataset_items_dataset on dataset_items (project_id, dataset_id, valid_from desc, seq desc)`,
  `create index if not exists dataset_items_active on dataset_items (project_id, dataset_id, valid_from desc, seq desc)
    where valid_to = 'infinity' and status = 'ACTIVE'`,
  `create index if not exists dataset_items_id on dataset_items (project_id, id)`,
  `create table if not exists score_configs (
    project_id text not null, id text not null, name text not null, data_type text not null, description text,
    min_value double precision, max_value double precision, categories jsonb, is_archived boolean not null default false,
    seq bigint generated always as identity,
    created_at timestamptz not null default ${now}, updated_at timestamptz not null default ${now},
    primary key (project_id, id))`,
  `create table if not exists prompts (
    project_id text not null, id text not null, name text not null, version integer not null, type text not null,
    prompt jsonb not null, config jsonb not null, tags text[] not null, labels text[] not null, commit_message text,
    created_at timestamptz not null default ${now}, updated_at timestamptz not null default ${now},
    primary key (project_id, id), unique (project_id, name, version))`,
  `create table if not exists models (
    project_id text not null, id text not null, seq bigint generated always as identity, body jsonb not null,
    primary key (project_id, id))`,
  // One round trip per item write: the advisory lock serialises writers of one id, so a version is never lost.
  `create or replace function upsert_dataset_item(
      in_project text, in_id text, in_dataset text, in_status text, in_input jsonb, in_expected jsonb,
      in_metadata jsonb, in_trace text, in_observation text)
    returns setof dataset_items language plpgsql as $body$
    declare
      moment timestamptz; previous dataset_items;
    begin
      perform pg_advisory_xact_lock(hashtextextended(in_project || chr(1) || in_id, 0));
      moment := ${now};
      select * into previous from dataset_items
        where project_id = in_project and id = in_id and valid_to = 'infinity';
      if found and previous.dataset_id <> in_dataset then
        return next previous;
        return;
      end if;
      if found and previous.valid_from >= moment then
        moment := previous.valid_from + interval '1 millisecond';
      end if;
      update dataset_items set valid_to = moment, updated_at = moment where seq = previous.seq;
      return query insert into dataset_items
        (project_id, id, dataset_id, status, input, expected_output, metadata, source_trace_id,
         source_observation_id, valid_from, updated_at)
        values (in_project, in_id, in_dataset, coalesce(in_status, previous.status, 'ACTIVE'),
          coalesce(in_input, previous.input), coalesce(in_expected, previous.expected_output),
          coalesce(in_metadata, previous.metadata), coalesce(in_trace, previous.source_trace_id),
          coalesce(in_observation, previous.source_observation_id), moment, moment)
        returning *;
    end $body$`,
];
