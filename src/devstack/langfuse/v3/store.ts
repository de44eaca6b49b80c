import type { DevServerContext } from '../context.js';
import type { Queries } from '../db/database.js';
import { isUniqueViolation } from '../db/database.js';
import { encodedJson, encodeText } from '../db/text.js';
import { modelPrices } from '../plugins/models.js';
import { mergeObservation, mergeTrace } from './merge.js';
import type { ObservationPart, TracePart, V3Parts } from './parts.js';
import { observationRow, traceRow } from './rows.js';
import type { Stored } from './stored.js';
import { storedObservations, storedTraces } from './stored.js';

export interface V3Write {
  /** Milliseconds until the write can be read. */
  readonly delayMs: number;
  /** Whether the v4 tables get these data only by a job. */
  readonly indirect: boolean;
}

const attempts = 5;

/** Merges what a request says into the v3 tables; it becomes readable after the delay. */
export async function storeV3(
  context: DevServerContext,
  parts: V3Parts,
  write: V3Write,
): Promise<void> {
  if (parts.traces.length === 0 && parts.observations.length === 0) return;
  const priceOf = await modelPrices(context);
  const traces = folded(parts.traces, mergeTrace);
  const observations = folded(parts.observations, mergeObservation);
  for (let attempt = 1; ; attempt += 1)
    try {
      await context.database.transaction(async (queries) => {
        await lockTraces(queries, context.project.id, traceIds(traces, observations));
        const target = { queries, projectId: context.project.id, write };
        await storeTraces(target, traces);
        await storeObservations(target, observations, priceOf);
      });
      return;
    } catch (error) {
      // One observation id under two traces at the same time: the locks are by trace.
      if (attempt === attempts || !isUniqueViolation(error)) throw error;
    }
}

/** One part per id, in id order. */
function folded<T extends { readonly id: string }>(
  parts: readonly T[],
  merge: (earlier: T, later: T) => T,
): readonly T[] {
  const byId = new Map<string, T>();
  for (const part of parts) {
    const earlier = byId.get(part.id);
    byId.set(part.id, earlier === undefined ? part : merge(earlier, part));
  }
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function traceIds(
  traces: readonly TracePart[],
  observations: readonly ObservationPart[],
): readonly string[] {
  const ids = observations.map(({ trace_id: traceId, id }) => traceId ?? id);
  return [...new Set([...traces.map(({ id }) => id), ...ids])];
}

/** Writers of one trace wait for one another, in one order; few lock keys, however many traces. */
async function lockTraces(
  queries: Queries,
  projectId: string,
  ids: readonly string[],
): Promise<void> {
  await queries.rows(
    `select pg_advisory_xact_lock(730001, k) from (
       select distinct mod(hashtext($1 || chr(1) || id), 500) as k from unnest($2::text[]) id order by 1) keys`,
    [projectId, ids],
  );
}

interface WriteTarget {
  readonly queries: Queries;
  readonly projectId: string;
  readonly write: V3Write;
}

async function storeTraces(target: WriteTarget, parts: readonly TracePart[]): Promise<void> {
  const stored = await storedTraces(target.queries, target.projectId, idsOf(parts));
  const rows = parts.map((part) => {
    const before = stored.get(part.id);
    const merged = before === undefined ? part : mergeTrace(before.part, part);
    return { ...traceRow(merged), ...history(before, target.write) };
  });
  await replaceRows(target, 'v3_traces', rows);
  await target.queries.rows(
    `insert into v3_sessions (project_id, id, environment, created_at)
     select $1, s.session_id, s.environment, date_trunc('milliseconds', clock_timestamp())
     from json_to_recordset($2::json) as s(session_id text, environment text) where s.session_id <> ''
     on conflict do nothing`,
    [target.projectId, encodedJson(rows)],
  );
}

async function storeObservations(
  target: WriteTarget,
  parts: readonly ObservationPart[],
  priceOf: Awaited<ReturnType<typeof modelPrices>>,
): Promise<void> {
  const stored = await storedObservations(target.queries, target.projectId, idsOf(parts));
  const rows = parts.map((part) => {
    const before = stored.get(part.id);
    const merged = before === undefined ? part : mergeObservation(before.part, part);
    const kept = part.replaces ? undefined : before;
    return { ...observationRow(merged, priceOf), ...history(kept, target.write) };
  });
  await replaceRows(target, 'v3_observations', rows);
}

const idsOf = (parts: readonly { readonly id: string }[]): readonly string[] =>
  parts.map(({ id }) => id);

const history = (before: Stored<unknown> | undefined, write: V3Write) => ({
  created_at: before?.createdAt,
  indirect: write.indirect || before?.indirect === true,
});

const columns = {
  v3_traces: {
    names: `timestamp, name, user_id, session_id, environment, release, version, tags, public, input, output, metadata`,
    values: `r.timestamp, r.name, r.user_id, r.session_id, r.environment, r.release, r.version,
      array(select jsonb_array_elements_text(r.tags)), r.public, r.input, r.output, r.metadata`,
    types: `timestamp timestamptz, name text, user_id text, session_id text, environment text, release text,
      version text, tags jsonb, public boolean, input text, output text, metadata jsonb`,
    join: '',
  },
  v3_observations: {
    names: `trace_id, type, parent_id, start_time, end_time, name, level, environment, version, model, prompt_id,
      input, output, metadata, detail`,
    values: `r.trace_id, r.type, r.parent_id, r.start_time, r.end_time, r.name, r.level, r.environment, r.version,
      r.model, p.id, r.input, r.output, r.metadata, r.detail`,
    types: `trace_id text, type text, parent_id text, start_time timestamptz, end_time timestamptz, name text,
      level text, environment text, version text, model text, input text, output text, metadata jsonb, detail jsonb`,
    join: `left join prompts p on p.project_id = $1 and p.name = r.detail->>'promptName'
      and p.version = (r.detail->>'promptVersion')::int`,
  },
} as const;

/** Ends the current states at the instant in which their successors show. */
async function replaceRows(
  { queries, projectId, write }: WriteTarget,
  table: keyof typeof columns,
  rows: readonly { readonly id: string }[],
): Promise<void> {
  if (rows.length === 0) return;
  const { names, values, types, join } = columns[table];
  // One instant for both statements: between two, a reader would see both states, or none.
  const [moment] = await queries.rows<{ visible: Date; now: Date }>(
    `select n as now, n + $1 * interval '1 millisecond' as visible from date_trunc('milliseconds', clock_timestamp()) n`,
    [write.delayMs],
  );
  await queries.rows(
    `update ${table} set superseded_at = $3 where project_id = $1 and id = any($2) and superseded_at = 'infinity'`,
    [projectId, rows.map(({ id }) => encodeText(id)), moment?.visible],
  );
  await queries.rows(
    `insert into ${table} (project_id, id, visible_at, ${names}, indirect, created_at, updated_at)
     select $1, r.id, $3::timestamptz, ${values}, r.indirect, coalesce(r.created_at, $4::timestamptz), $3::timestamptz
     from json_to_recordset($2::json) as r(id text, ${types}, indirect boolean, created_at timestamptz) ${join}`,
    [projectId, encodedJson(rows), moment?.visible, moment?.now],
  );
}
