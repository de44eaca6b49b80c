import { parseJson } from '../otlp/attributes.js';
import type { TraceRow } from './stored.js';

/** Text that parses as JSON comes back parsed from the v3 reads; nothing is `null`. */
export function parsedText(text: string | null): unknown {
  return text === null ? null : (parseJson(text) ?? text);
}

/** Metadata with the text of its first level parsed. */
export function parsedMetadata(metadata: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [
      key,
      typeof value === 'string' ? parsedText(value) : value,
    ]),
  );
}

/** A trace in the shape of v1, without what hangs on it. */
export function traceView(row: TraceRow, withIo = true) {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    timestamp: row.timestamp,
    environment: row.environment,
    tags: row.tags,
    bookmarked: false,
    release: row.release,
    version: row.version,
    userId: row.user_id,
    sessionId: row.session_id,
    public: row.public,
    input: withIo ? parsedText(row.input) : null,
    output: withIo ? parsedText(row.output) : null,
    metadata: withIo ? parsedMetadata(row.metadata) : {},
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    externalId: null,
  };
}

export const tracePath = (row: TraceRow): string =>
  `/project/${encodeURIComponent(row.project_id)}/traces/${encodeURIComponent(row.id)}`;
