import { readable } from '../v3/readable.js';
import type { View, Views } from './views.js';
import { views } from './views.js';

const dimensions = {
  id: 'id',
  name: 'name',
  tags: 'tags',
  userId: 'user_id',
  sessionId: 'session_id',
  release: 'release',
  version: 'version',
  environment: 'environment',
  timestampMonth: `to_char(timestamp at time zone 'UTC', 'YYYY-MM')`,
};

/** The traces of the v3 tables, each with what its observations and scores come to. */
const traces: View = {
  table: `(select t.*, (select count(*) from scores s where s.project_id = t.project_id and s.trace_id = t.id
      and ${readable('s')})::double precision as scores, o.*
    from v3_traces t cross join lateral (
      select count(*)::double precision as observations,
        (extract(epoch from max(coalesce(o.end_time, o.start_time)) - min(o.start_time)) * 1000)::double precision as latency,
        coalesce(sum((o.detail->'usage'->>'total')::double precision), 0) as tokens,
        coalesce(sum((o.detail->'cost'->>'total')::double precision), 0) as cost
      from v3_observations o where o.project_id = t.project_id and o.trace_id = t.id and ${readable('o')}) o
    where ${readable('t')}) traces`,
  time: 'timestamp',
  visible: 'true',
  dimensions,
  highCardinality: new Set(),
  measures: {
    count: '1',
    observationsCount: 'observations',
    scoresCount: 'scores',
    uniqueUserIds: 'user_id',
    uniqueSessionIds: 'session_id',
    latency: 'latency',
    totalTokens: 'tokens',
    totalCost: 'cost',
  },
  filters: { ...dimensions, tags: 'to_jsonb(tags)', metadata: 'metadata', timestamp: 'timestamp' },
};

const none: ReadonlySet<string> = new Set();
const anyGrouping = (view: View): View => ({ ...view, highCardinality: none });

/** The views of v1: over the v3 tables, grouped by anything. */
export const v1Views: Views = {
  traces,
  observations: { ...anyGrouping(views.observations), table: 'v3_rows' },
  'scores-numeric': anyGrouping(views['scores-numeric']),
  'scores-boolean': anyGrouping(views['scores-boolean']),
  'scores-categorical': anyGrouping(views['scores-categorical']),
};
