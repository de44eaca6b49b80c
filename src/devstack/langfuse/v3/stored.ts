import type { Queries } from '../db/database.js';
import { decodeDeep, encodeText } from '../db/text.js';
import type { Metadata, ObservationPart, TracePart, V3Detail } from './parts.js';

/** The state that a write is merged into. */
export interface Stored<Part> {
  readonly part: Part;
  /** ISO, UTC. */
  readonly createdAt: string;
  readonly indirect: boolean;
}

interface Common {
  readonly id: string;
  readonly name: string | null;
  readonly environment: string;
  readonly version: string | null;
  readonly input: string | null;
  readonly output: string | null;
  readonly metadata: Metadata;
  readonly indirect: boolean;
  readonly created_at: Date;
}

/** A row of `v3_traces`. */
export interface TraceRow extends Common {
  readonly project_id: string;
  readonly timestamp: Date;
  readonly user_id: string | null;
  readonly session_id: string | null;
  readonly release: string | null;
  readonly tags: readonly string[];
  readonly public: boolean;
  readonly updated_at: Date;
}

/** A row of `v3_observations`. */
export interface ObservationRow extends Common {
  readonly project_id: string;
  readonly trace_id: string;
  readonly type: string;
  readonly parent_id: string | null;
  readonly start_time: Date;
  readonly end_time: Date | null;
  readonly level: string;
  readonly model: string | null;
  readonly prompt_id: string | null;
  readonly detail: V3Detail;
  readonly updated_at: Date;
}

export async function storedTraces(
  queries: Queries,
  projectId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Stored<TracePart>>> {
  const rows = await current<TraceRow>(queries, 'v3_traces', { projectId, ids });
  return new Map(rows.map((row) => [row.id, { ...stored(row), part: tracePart(row) }]));
}

export async function storedObservations(
  queries: Queries,
  projectId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Stored<ObservationPart>>> {
  const rows = await current<ObservationRow>(queries, 'v3_observations', { projectId, ids });
  return new Map(rows.map((row) => [row.id, { ...stored(row), part: observationPart(row) }]));
}

/** The newest states, readable or not yet. */
async function current<Row extends object>(
  queries: Queries,
  table: 'v3_traces' | 'v3_observations',
  { projectId, ids }: { projectId: string; ids: readonly string[] },
): Promise<readonly Row[]> {
  if (ids.length === 0) return [];
  const rows = await queries.rows<Row>(
    `select * from ${table} where project_id = $1 and id = any($2) and superseded_at = 'infinity'`,
    [projectId, ids.map(encodeText)],
  );
  return rows.map((row) => decodeDeep(row));
}

const stored = (row: Common) => ({
  createdAt: row.created_at.toISOString(),
  indirect: row.indirect,
});

const shared = (row: Common) => ({
  id: row.id,
  name: row.name ?? undefined,
  environment: row.environment,
  version: row.version ?? undefined,
  input: row.input ?? undefined,
  output: row.output ?? undefined,
  metadata: row.metadata,
});

function tracePart(row: TraceRow): TracePart {
  return {
    ...shared(row),
    timestamp: row.timestamp.toISOString(),
    user_id: row.user_id ?? undefined,
    session_id: row.session_id ?? undefined,
    release: row.release ?? undefined,
    tags: row.tags,
    public: row.public,
  };
}

function observationPart(row: ObservationRow): ObservationPart {
  return {
    ...shared(row),
    trace_id: row.trace_id,
    replaces: false,
    type: row.type,
    parent_id: row.parent_id ?? undefined,
    start_time: row.start_time.toISOString(),
    end_time: row.end_time?.toISOString(),
    level: row.level,
    model: row.model ?? undefined,
    detail: row.detail,
  };
}
