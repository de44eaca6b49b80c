import type { DevServerContext } from '../context.js';
import type { Queries } from '../db/database.js';
import { writesV4 } from '../mode.js';
import { readable } from './readable.js';

// Metadata in the v4 tables is a flat map of text.
const flat = (metadata: string) => `(select coalesce(jsonb_object_agg(key,
  case when jsonb_typeof(value) = 'string' then value else to_jsonb(value::text) end), '{}')
  from jsonb_each(${metadata}))`;

const traceDetail = `jsonb_strip_nulls(jsonb_build_object('propagated', true, 'traceName', t.name,
  'release', t.release, 'tags', to_jsonb(t.tags), 'public', t.public))`;

const insertInto = `insert into observations (project_id, trace_id, id, parent_id, start_time, end_time, visible_at,
  created_at, type, name, level, environment, user_id, session_id, version, is_root, model, prompt_id, input, output,
  metadata, detail)`;

const trace = `coalesce(t.user_id, ''), coalesce(t.session_id, '')`;
const waiting = `v3_traces t where t.project_id = $1 and t.id = any($2) and ${readable('t')}`;

/** A root made up for each trace, and the trace's observations with the trace's own fields beside theirs. */
const statements = [
  `delete from observations where project_id = $1 and trace_id = any($2) and detail->>'propagated' = 'true'`,
  `${insertInto}
   select t.project_id, t.id, 't-' || t.id, null, t.timestamp, null, clock_timestamp(), t.created_at, 'SPAN',
     coalesce(t.name, ''), 'DEFAULT', t.environment, ${trace}, coalesce(t.version, ''), true, '', null, t.input,
     t.output, ${flat('t.metadata')}, ${traceDetail}
   from ${waiting}`,
  `${insertInto}
   select o.project_id, o.trace_id, o.id, coalesce(o.parent_id, 't-' || t.id), o.start_time, o.end_time,
     clock_timestamp(), o.created_at, o.type, coalesce(o.name, ''), o.level, o.environment, ${trace},
     coalesce(t.version, o.version, ''), false, coalesce(o.model, ''), o.prompt_id, o.input, o.output,
     ${flat('t.metadata || o.metadata')}, o.detail || ${traceDetail}
   from v3_observations o, ${waiting} and o.project_id = t.project_id and o.trace_id = t.id and o.indirect
     and ${readable('o')}`,
  `update v3_traces t set propagated = true where t.project_id = $1 and t.id = any($2) and ${readable('t')}`,
  `update v3_observations o set propagated = true
   where o.project_id = $1 and o.trace_id = any($2) and ${readable('o')}`,
] as const;

/**
 * The job of `dual` that carries what came without the version header into the v4 tables; the real server
 * runs it by itself, minutes later. Gives the number of traces; nothing in the other modes.
 */
export async function propagate(context: DevServerContext): Promise<number> {
  const { database, project } = context;
  if (context.mode === 'events_only' || !writesV4(context)) return 0;
  return database.transaction(async (queries) => {
    // Two jobs at once would both insert.
    await queries.rows('select pg_advisory_xact_lock(730003)');
    const ids = await waitingTraces(queries, project.id);
    if (ids.length === 0) return 0;
    for (const statement of statements) await queries.rows(statement, [project.id, ids]);
    return ids.length;
  });
}

async function waitingTraces(queries: Queries, projectId: string): Promise<readonly string[]> {
  const rows = await queries.rows<{ id: string }>(
    `select t.id from v3_traces t where t.project_id = $1 and t.indirect and not t.propagated and ${readable('t')}
     union select o.trace_id from v3_observations o
     where o.project_id = $1 and o.indirect and not o.propagated and ${readable('o')}`,
    [projectId],
  );
  return rows.map(({ id }) => id);
}
