import type { DevServerContext } from '../context.js';
import type { Queries } from '../db/database.js';
import { toJsonb } from '../db/text.js';
import { isWellFormedDeep } from '../well-formed.js';
import type { ScoreWrite } from './score-input.js';
import type { ScoreValue } from './score-values.js';
import { configsOf, scoreValue } from './score-values.js';

/** A score row as it goes in; `undefined` fields were left out by the client. */
interface NewRow {
  readonly id: string;
  readonly event_id: string | undefined;
  readonly name: string;
  readonly data_type: string;
  readonly number_value: number | null;
  readonly string_value: string | null;
  readonly trace_id: string | undefined;
  readonly observation_id: string | undefined;
  readonly session_id: string | undefined;
  readonly experiment_id: string | undefined;
  readonly environment: string | undefined;
  readonly source: string;
  readonly comment: string | undefined;
  readonly config_id: string | undefined;
  readonly queue_id: string | undefined;
  readonly metadata: unknown;
  readonly timestamp: string;
  readonly created_at?: string | undefined;
}

interface StoredRow {
  readonly id: string;
  readonly event_id: string | null;
  readonly pending: boolean;
  readonly environment: string;
  readonly comment: string | null;
  readonly config_id: string | null;
  readonly queue_id: string | null;
  readonly metadata: unknown;
  readonly timestamp: Date;
  readonly created_at: Date;
}

const insertRows = `insert into scores
    (project_id, id, event_id, visible_at, name, data_type, number_value, string_value, trace_id,
     observation_id, session_id, experiment_id, environment, source, comment, config_id, queue_id,
     metadata, timestamp, created_at, updated_at)
  select $1, r.id, r.event_id, t.visible, r.name, r.data_type, r.number_value, r.string_value, r.trace_id,
     r.observation_id, r.session_id, r.experiment_id, coalesce(r.environment, 'default'), r.source, r.comment,
     r.config_id, r.queue_id, coalesce(r.metadata, '{}'), r.timestamp,
     coalesce(r.created_at, date_trunc('second', t.now)), date_trunc('milliseconds', t.visible)
  from (select n as now, n + $3 * interval '1 millisecond' as visible from clock_timestamp() n) t,
     json_to_recordset($2::json) as r(id text, event_id text, name text, data_type text,
     number_value double precision, string_value text, trace_id text, observation_id text, session_id text,
     experiment_id text, environment text, source text, comment text, config_id text, queue_id text,
     metadata jsonb, timestamp timestamptz, created_at timestamptz)
  on conflict (project_id, id) where superseded_at = 'infinity' do nothing
  returning id`;

/**
 * Stores scores; they become readable after the configured delay. The id is the key: a second write
 * replaces the one row, keeping its first timestamp and the fields that were left out.
 */
export async function storeScores(
  { database, project, visibility }: DevServerContext,
  writes: readonly ScoreWrite[],
): Promise<void> {
  if (writes.length === 0) return;
  const delayMs = visibility.scoresMs();
  const configs = await configsOf(database, project.id, writes);
  let left = newRows(writes, configs);
  const insert = async (queries: Queries, rows: readonly NewRow[]) => {
    const values = [project.id, toJsonb(rows), delayMs];
    const inserted = await queries.rows<{ id: string }>(insertRows, values, 'insert-scores');
    const done = new Set(inserted.map(({ id }) => id));
    return left.filter(({ id }) => !done.has(id));
  };
  left = await insert(database, left);
  // Whoever finds an id taken replaces its row; it may be taken again in between, by another request.
  for (let attempt = 0; left.length > 0 && attempt < 10; attempt += 1)
    left = await database.transaction(async (queries) => {
      const ids = left.map(({ id }) => id);
      const stored = await supersede(queries, { projectId: project.id, ids, delayMs });
      return insert(
        queries,
        left.map((row) => mergeRow(stored.get(row.id), row)),
      );
    });
}

/** One row per id, in id order (inserts that wait for one another in different orders would deadlock). */
function newRows(
  writes: readonly ScoreWrite[],
  configs: Awaited<ReturnType<typeof configsOf>>,
): readonly NewRow[] {
  const rows = new Map<string, NewRow>();
  for (const write of writes) {
    const value = scoreValue(write, configs);
    if (value === undefined) continue;
    const row = newRow(write, value);
    const earlier = rows.get(row.id);
    rows.set(row.id, earlier === undefined ? row : { ...earlier, ...definedOf(row) });
  }
  const sorted = [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  // Half a surrogate pair is accepted and lost; JSON.stringify writes it as an escape, which is quick to find.
  if (!JSON.stringify(sorted).includes('\\ud')) return sorted;
  return sorted.filter((row) => isWellFormedDeep(row));
}

function newRow(write: ScoreWrite, value: ScoreValue): NewRow {
  return {
    id: write.id,
    event_id: write.eventId,
    name: value.name,
    data_type: value.dataType,
    number_value: value.numberValue,
    string_value: value.stringValue,
    trace_id: write.traceId,
    observation_id: write.observationId,
    session_id: write.sessionId,
    experiment_id: write.experimentId,
    environment: write.environment,
    source: write.source,
    comment: write.comment,
    config_id: write.configId,
    queue_id: write.queueId,
    metadata: write.metadata,
    timestamp: write.timestamp,
  };
}

/** Ends the current states at the instant in which their successors show; in id order, against deadlocks. */
async function supersede(
  queries: Queries,
  { projectId, ids, delayMs }: { projectId: string; ids: readonly string[]; delayMs: number },
): Promise<ReadonlyMap<string, StoredRow>> {
  const stored = await queries.rows<StoredRow>(
    `with old as (
       select seq from scores where project_id = $1 and id = any($2) and superseded_at = 'infinity'
       order by id for update)
     update scores s set superseded_at = clock_timestamp() + $3 * interval '1 millisecond'
     from old where s.seq = old.seq
     returning s.id, s.event_id, s.visible_at > clock_timestamp() as pending, s.environment, s.comment,
       s.config_id, s.queue_id, s.metadata, s.timestamp, s.created_at`,
    [projectId, ids, delayMs],
  );
  return new Map(stored.map((row) => [row.id, row]));
}

function mergeRow(stored: StoredRow | undefined, row: NewRow): NewRow {
  if (stored === undefined) return row;
  const kept = {
    timestamp: stored.timestamp.toISOString(),
    created_at: stored.created_at.toISOString(),
  };
  // One event id twice before the first was processed overwrites its blob: nothing is left to keep.
  if (stored.pending && row.event_id !== undefined && stored.event_id === row.event_id)
    return { ...row, ...kept };
  return {
    ...row,
    ...kept,
    environment: row.environment ?? stored.environment,
    comment: row.comment ?? stored.comment ?? undefined,
    config_id: row.config_id ?? stored.config_id ?? undefined,
    queue_id: row.queue_id ?? stored.queue_id ?? undefined,
    metadata: row.metadata ?? stored.metadata,
  };
}

function definedOf(row: NewRow): NewRow {
  return Object.fromEntries(
    Object.entries(row).filter(([, value]) => value !== undefined),
  ) as unknown as NewRow;
}
