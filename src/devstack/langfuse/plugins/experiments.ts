import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import {
  cursorTime,
  experimentScoreView,
  plainText,
  readExperimentCursor,
  scoresBy,
  sharedQuery,
  textMap,
} from '../experiments/experiment-query.js';
import { parseFilter } from '../filters/filter-input.js';
import { Where } from '../filters/where.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { requireV4 } from '../mode.js';
import { commaList, parse, queryObject, writeCursor } from '../http/validate.js';
import type { ExperimentDetail } from '../otlp/span-row.js';

const querySchema = z.object({
  ...sharedQuery,
  fields: commaList.pipe(z.array(z.enum(['core', 'metadata', 'scores'])).optional()),
  id: commaList,
  name: commaList,
  datasetId: commaList,
});
type Query = ReturnType<typeof readQuery>;

interface ExperimentRow {
  readonly experiment_id: string;
  readonly start_time: Date;
  readonly last_start: Date;
  readonly end_time: Date | null;
  readonly items: number;
  readonly last_trace: string;
  readonly last_id: string;
  readonly detail: ExperimentDetail;
}

const columns = {
  id: 'experiment_id',
  name: `detail->'experiment'->>'name'`,
  datasetId: `detail->'experiment'->>'datasetId'`,
};

export const experiments: Plugin = (context) => [
  { path: '/api/public/experiments', methods: { GET: (call) => list(context, call) } },
];

/** The validated parameters; what is text in them is read here, before the mode is looked at. */
function readQuery(call: Call) {
  const query = parse(querySchema, queryObject(call.query));
  const cursor = query.cursor === undefined ? undefined : readExperimentCursor(query.cursor);
  return { ...query, filter: parseFilter(query.filter), cursor };
}

async function list(context: DevServerContext, call: Call): Promise<Reply> {
  const query = readQuery(call);
  requireV4(context, 'experiments');
  const groups = new Set(query.fields ?? ['core']);
  const rows = await read(context, query, groups.has('metadata'));
  const shown = rows.slice(0, query.limit);
  const ids = shown.map((row) => row.experiment_id);
  const scores = groups.has('scores')
    ? await scoresBy(context, 'experiment_id', { ids, limit: query.scoreLimit })
    : [];
  const last = rows.length > query.limit ? shown.at(-1) : undefined;
  return ok({
    data: shown.map((row) => ({
      id: row.experiment_id,
      name: plainText(row.detail.name),
      description: plainText(row.detail.description),
      startTime: row.start_time,
      endTime: row.end_time,
      itemCount: row.items,
      datasetId: row.detail.datasetId,
      ...(groups.has('metadata') ? { metadata: textMap(row.detail.metadata) } : {}),
      ...(groups.has('scores')
        ? {
            scores: scores
              .filter((score) => score.experiment_id === row.experiment_id)
              .map(experimentScoreView),
          }
        : {}),
    })),
    meta: last === undefined ? {} : { cursor: cursorAfter(last) },
  });
}

/**
 * Experiments by their latest activity. Description and metadata are those of an arbitrary row, as on
 * the real server, where they changed between two reads: here the last root, or the first one when
 * metadata is asked. Only who sends them on every root is safe.
 */
function read(
  { database, project }: DevServerContext,
  query: Query,
  first: boolean,
): Promise<ExperimentRow[]> {
  const where = new Where();
  where.equals('project_id', project.id).add('experiment_id is not null');
  where.add('visible_at <= clock_timestamp()');
  where.add(`start_time >= ${where.slot(query.fromStartTime)}`);
  if (query.toStartTime !== undefined) where.add(`start_time < ${where.slot(query.toStartTime)}`);
  where.anyOf(columns.id, query.id).anyOf(columns.name, query.name);
  where.anyOf(columns.datasetId, query.datasetId).filter(query.filter, columns);
  const rowFilter = where.sql;
  let after = '';
  if (query.cursor !== undefined) {
    const { cursor } = query;
    after = `where (last_start, experiment_id) < (${where.slot(cursor.lastTime)}::timestamptz, ${where.slot(cursor.lastExperimentId)}::text)`;
  }
  return database.rows<ExperimentRow>(
    `with grouped as (
       select project_id, experiment_id, min(start_time) as start_time, max(start_time) as last_start,
         max(end_time) as end_time, count(distinct experiment_item_id)::int as items
       from observations where ${rowFilter} group by project_id, experiment_id),
     page as (select * from grouped ${after} order by last_start desc, experiment_id desc limit ${query.limit + 1})
     select page.*, chosen.detail, latest.trace_id as last_trace, latest.id as last_id
     from page,
       lateral (select detail->'experiment' as detail from observations o
         where o.project_id = page.project_id and o.experiment_id = page.experiment_id
           and o.visible_at <= clock_timestamp()
         order by is_item_root desc, start_time ${first ? 'asc' : 'desc'}, seq limit 1) chosen,
       lateral (select trace_id, id from observations o
         where o.project_id = page.project_id and o.experiment_id = page.experiment_id
           and o.visible_at <= clock_timestamp() order by start_time desc limit 1) latest
     order by last_start desc, page.experiment_id desc`,
    where.values,
  );
}

function cursorAfter(row: ExperimentRow): string {
  return writeCursor({
    v: 1,
    lastTime: cursorTime(row.last_start),
    lastTraceId: row.last_trace,
    lastId: row.last_id,
    lastExperimentId: row.experiment_id,
  });
}
