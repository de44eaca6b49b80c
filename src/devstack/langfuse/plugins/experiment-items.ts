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
import type { ScoreRow } from '../scores/score-view.js';

const groupNames = [
  'core',
  'dataset',
  'io',
  'metadata',
  'itemMetadata',
  'experimentMetadata',
  'scores',
] as const;

const querySchema = z.object({
  ...sharedQuery,
  fields: commaList.pipe(z.array(z.enum(groupNames)).optional()),
  experimentId: commaList,
  experimentName: commaList,
  experimentItemId: commaList,
  datasetId: commaList,
});
type Query = ReturnType<typeof readQuery>;

interface ItemRow {
  readonly trace_id: string;
  readonly id: string;
  readonly start_time: Date;
  readonly end_time: Date | null;
  readonly level: string;
  readonly environment: string;
  readonly experiment_id: string;
  readonly experiment_item_id: string | null;
  readonly detail: ExperimentDetail;
  readonly input?: string | null;
  readonly output?: string | null;
  readonly metadata?: Readonly<Record<string, string>>;
}

const columns = {
  experimentId: 'o.experiment_id',
  experimentName: `o.detail->'experiment'->>'name'`,
  experimentItemId: 'o.experiment_item_id',
  datasetId: `o.detail->'experiment'->>'datasetId'`,
};

export const experimentItems: Plugin = (context) => [
  { path: '/api/public/experiment-items', methods: { GET: (call) => list(context, call) } },
];

/** The validated parameters; what is text in them is read here, before the mode is looked at. */
function readQuery(call: Call) {
  const query = parse(querySchema, queryObject(call.query));
  const cursor = query.cursor === undefined ? undefined : readExperimentCursor(query.cursor);
  return { ...query, filter: parseFilter(query.filter), cursor };
}

async function list(context: DevServerContext, call: Call): Promise<Reply> {
  const query = readQuery(call);
  requireV4(context, 'experiment items');
  const groups = new Set<string>(query.fields ?? ['core', 'dataset']);
  const rows = await read(context, query, groups);
  const shown = rows.slice(0, query.limit);
  const ids = [...new Set(shown.map((row) => row.trace_id))];
  const scores = groups.has('scores')
    ? await scoresBy(context, 'trace_id', { ids, limit: 1_000 })
    : [];
  const last = rows.length > query.limit ? shown.at(-1) : undefined;
  return ok({
    data: shown.map((row) => ({
      ...itemView(row, groups),
      ...(groups.has('scores') ? { scores: scoresOf(row, scores, query.scoreLimit) } : {}),
    })),
    meta: last === undefined ? {} : { cursor: cursorAfter(last) },
  });
}

/** The root of each item. A span that was sent more than once is one row here: its last sending. */
function read(
  { database, project }: DevServerContext,
  query: Query,
  groups: ReadonlySet<string>,
): Promise<ItemRow[]> {
  const where = new Where();
  where.equals('o.project_id', project.id).add('o.is_item_root');
  where.add('o.experiment_id is not null').add('o.visible_at <= clock_timestamp()');
  where.add(`o.start_time >= ${where.slot(query.fromStartTime)}`);
  if (query.toStartTime !== undefined) where.add(`o.start_time < ${where.slot(query.toStartTime)}`);
  where.anyOf(columns.experimentId, query.experimentId);
  where.anyOf(columns.experimentName, query.experimentName);
  where.anyOf(columns.experimentItemId, query.experimentItemId);
  where.anyOf(columns.datasetId, query.datasetId).filter(query.filter, columns);
  where.add(`not exists (select 1 from observations n where n.project_id = o.project_id
    and n.trace_id = o.trace_id and n.id = o.id and n.seq > o.seq and n.visible_at <= clock_timestamp())`);
  if (query.cursor !== undefined) {
    const { cursor } = query;
    where.add(
      `(o.start_time, o.trace_id, o.id) < (${where.slot(cursor.lastTime)}::timestamptz, ${where.slot(cursor.lastTraceId)}::text, ${where.slot(cursor.lastId)}::text)`,
    );
  }
  return database.rows<ItemRow>(
    `select o.trace_id, o.id, o.start_time, o.end_time, o.level, o.environment, o.experiment_id,
       o.experiment_item_id, o.detail->'experiment' as detail
       ${groups.has('io') ? ', o.input, o.output' : ''} ${groups.has('metadata') ? ', o.metadata' : ''}
     from observations o where ${where.sql}
     order by o.start_time desc, o.trace_id desc, o.id desc limit ${query.limit + 1}`,
    where.values,
  );
}

function itemView(row: ItemRow, groups: ReadonlySet<string>) {
  const when = <T extends object>(group: string, fields: () => T): T | object =>
    groups.has(group) ? fields() : {};
  const { detail } = row;
  return {
    id: row.id,
    traceId: row.trace_id,
    startTime: row.start_time,
    endTime: row.end_time,
    level: row.level,
    environment: row.environment,
    experimentId: row.experiment_id,
    experimentName: plainText(detail.name),
    experimentItemId: row.experiment_item_id ?? '',
    ...when('dataset', () => ({
      experimentDatasetId: detail.datasetId,
      experimentItemVersion: versionOf(detail.itemVersion),
    })),
    ...when('io', () => ({
      input: plainText(row.input),
      output: plainText(row.output),
      expectedOutput: plainText(detail.expectedOutput),
    })),
    ...when('metadata', () => ({ metadata: row.metadata ?? {} })),
    ...when('itemMetadata', () => ({ experimentItemMetadata: textMap(detail.itemMetadata) })),
    ...when('experimentMetadata', () => ({
      experimentMetadata: textMap(detail.metadata),
      experimentDescription: plainText(detail.description),
    })),
  };
}

function versionOf(text: string | undefined): string | null {
  const time = new Date(text ?? '');
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

/** The scores of the item's trace and of its root observation. */
function scoresOf(row: ItemRow, scores: readonly ScoreRow[], limit: number) {
  return scores
    .filter(
      (score) =>
        score.trace_id === row.trace_id &&
        (score.observation_id === null || score.observation_id === row.id),
    )
    .slice(0, limit)
    .map(experimentScoreView);
}

function cursorAfter(row: ItemRow): string {
  return writeCursor({
    v: 1,
    lastTime: cursorTime(row.start_time),
    lastTraceId: row.trace_id,
    lastId: row.id,
    lastExperimentId: row.experiment_id,
  });
}
