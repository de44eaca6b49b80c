import type { DevServerContext } from '../context.js';
import { encodedJson } from '../db/text.js';
import { isWellFormedDeep } from '../well-formed.js';
import { readAttributes } from './attributes.js';
import type { OtlpExport } from './export-request.js';
import type { ModelPrice } from './prices.js';
import type { SpanRow } from './span-row.js';
import { spanRow } from './span-row.js';

const insertRows = `insert into observations
    (project_id, trace_id, id, parent_id, start_time, end_time, visible_at, type, name, level, environment,
     user_id, session_id, version, is_root, model, prompt_id, input, output, metadata, experiment_id,
     experiment_item_id, is_item_root, detail)
  select $1, r.trace_id, r.id, r.parent_id, r.start_time, r.end_time,
     clock_timestamp() + $3 * interval '1 millisecond', r.type, r.name, r.level, r.environment, r.user_id,
     r.session_id, r.version, r.is_root, r.model, p.id, r.input, r.output, r.metadata, r.experiment_id,
     r.experiment_item_id, r.is_item_root, r.detail
  from json_to_recordset($2::json) as r(trace_id text, id text, parent_id text, start_time timestamptz,
     end_time timestamptz, type text, name text, level text, environment text, user_id text,
     session_id text, version text, is_root boolean, model text, prompt_name text, prompt_version int,
     input text, output text, metadata jsonb, experiment_id text, experiment_item_id text,
     is_item_root boolean, detail jsonb)
  left join prompts p on p.project_id = $1 and p.name = r.prompt_name and p.version = r.prompt_version`;

export interface ParsedExport {
  readonly request: OtlpExport;
  /** Whether the bytes may hold half of a surrogate pair: a cheap look that spares most exports a walk. */
  readonly suspect: boolean;
}

/** Accepted, then lost as a whole, the sound spans too: what the real server was seen to do. */
export const isLost = ({ request, suspect }: ParsedExport): boolean =>
  suspect && !isWellFormedDeep(request);

/** Stores the spans of an export in one statement; they become readable after the configured delay. */
export async function storeExport(
  { database, project, visibility }: DevServerContext,
  parsed: ParsedExport,
  priceOf: (model: string) => ModelPrice | undefined,
): Promise<void> {
  if (isLost(parsed)) return;
  const rows = rowsOf(parsed.request, priceOf);
  if (rows.length === 0) return;
  await database.rows(
    insertRows,
    [project.id, encodedJson(rows), visibility.spansMs()],
    'insert-spans',
  );
}

function rowsOf(
  request: OtlpExport,
  priceOf: (model: string) => ModelPrice | undefined,
): readonly SpanRow[] {
  const rows: SpanRow[] = [];
  for (const { resource, scopeSpans } of request.resourceSpans) {
    const resourceAttributes = readAttributes(resource?.attributes);
    for (const { scope, spans } of scopeSpans ?? [])
      for (const span of spans ?? []) {
        const row = spanRow(span, { resource: resourceAttributes, scope, priceOf });
        if (row !== undefined) rows.push(row);
      }
  }
  return rows;
}
