import type { DevServerContext } from '../context.js';
import { decodeDeep, encodeText } from '../db/text.js';
import { readable } from './readable.js';

/** What hangs on a trace: ids of observations and scores, its cost in US dollars, its length in seconds. */
export interface TraceExtras {
  readonly observations: readonly string[];
  readonly scores: readonly string[];
  readonly totalCost: number;
  readonly latency: number;
}

const nothing: TraceExtras = { observations: [], scores: [], totalCost: 0, latency: 0 };

/** The extras of some traces, by trace id. */
export async function traceExtras(
  { database, project }: DevServerContext,
  traceIds: readonly string[],
): Promise<(traceId: string) => TraceExtras> {
  const values = [project.id, traceIds.map(encodeText)];
  const [rows, scores] = await Promise.all([
    database.rows<{ trace_id: string } & Omit<TraceExtras, 'scores'>>(
      `select o.trace_id, array_agg(o.id order by o.seq) as observations,
         coalesce(round(sum((o.detail->'cost'->>'total')::numeric), 12), 0)::double precision as "totalCost",
         round(coalesce(extract(epoch from greatest(max(o.end_time), max(o.start_time)) - min(o.start_time)), 0), 3)::double precision as latency
       from v3_observations o where o.project_id = $1 and o.trace_id = any($2) and ${readable('o')} group by o.trace_id`,
      values,
    ),
    database.rows<{ trace_id: string; ids: string[] }>(
      `select s.trace_id, array_agg(s.id order by s.seq) as ids from scores s
       where s.project_id = $1 and s.trace_id = any($2) and ${readable('s')} group by s.trace_id`,
      values,
    ),
  ]);
  const scoreIds = new Map(scores.map((row) => [row.trace_id, row.ids]));
  const found = new Map(
    rows.map((row) => {
      const { trace_id: traceId, ...extras } = decodeDeep(row);
      return [traceId, extras];
    }),
  );
  return (traceId) => ({
    ...nothing,
    ...found.get(traceId),
    scores: scoreIds.get(encodeText(traceId)) ?? [],
  });
}
