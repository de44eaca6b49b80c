import type { DevServerContext, Plugin } from '../context.js';
import {
  datasetListPage,
  datasetPage,
  type DatasetRun,
  type ListedDataset,
  type ShownItem,
} from '../html/dataset-page.js';
import { pageOf, type PageOf } from '../html/pager.js';
import { runPage, type RunItem } from '../html/run-page.js';
import type { Call } from '../http/exchange.js';
import { readableScores, type ScoreRow } from '../scores/score-view.js';
import { mostRows, projectPage, scoresOfTraces, tableOf } from './page-reply.js';

const perPage = 50;
const listedRuns = 100;

/** Datasets, their items and the runs over them, to look at in a browser. */
export const datasetView: Plugin = (context) => [
  projectPage(context, 'datasets', (call) => listPage(context, call)),
  projectPage(context, 'datasets/{datasetId}', (call) => onePage(context, call)),
  projectPage(context, 'datasets/{datasetId}/items', (call) => onePage(context, call)),
  projectPage(context, 'datasets/{datasetId}/runs/{runId}', (call) => oneRun(context, call)),
];

async function listPage({ database, project }: DevServerContext, call: Call): Promise<string> {
  const [count] = await database.rows<{ readonly total: number }>(
    'select count(*)::int as total from datasets where project_id = $1',
    [project.id],
  );
  const shown = pageOf(call.query, { total: count?.total ?? 0, perPage });
  const rows = await database.rows<ListedDataset>(
    `select id, name, description, updated_at, (
       select count(*)::int from dataset_items i where i.project_id = d.project_id and i.dataset_id = d.id
         and i.valid_to = 'infinity' and i.status = 'ACTIVE') as items
     from datasets d where project_id = $1 order by updated_at desc, seq desc limit $2 offset $3`,
    [project.id, perPage, shown.offset],
  );
  return datasetListPage(project, rows, shown);
}

async function onePage(context: DevServerContext, call: Call): Promise<string | undefined> {
  const { database, project } = context;
  const datasetId = call.params['datasetId'] ?? '';
  const [dataset] = await database.rows<{
    readonly name: string;
    readonly description: string | null;
  }>('select name, description from datasets where project_id = $1 and id = $2', [
    project.id,
    datasetId,
  ]);
  const runs = await runsOver(context, datasetId);
  if (dataset === undefined && runs.length === 0) return undefined;
  const { items, shown } = await itemsOf(context, datasetId, call.query);
  return datasetPage({
    projectId: project.id,
    datasetId,
    name: dataset?.name ?? datasetId,
    description: dataset?.description ?? '',
    runs,
    items,
    shown,
  });
}

function runsOver(context: DevServerContext, datasetId: string): Promise<readonly DatasetRun[]> {
  const { database, project } = context;
  return database.rows<DatasetRun>(
    `select experiment_id as run_id, min(detail->'experiment'->>'name') as name, count(*)::int as items,
       max(start_time) as last
     from ${tableOf(context)}
     where project_id = $1 and is_item_root and experiment_id is not null
       and detail->'experiment'->>'datasetId' = $2 and visible_at <= clock_timestamp()
     group by experiment_id order by last desc limit ${listedRuns}`,
    [project.id, datasetId],
  );
}

async function itemsOf(
  { database, project }: DevServerContext,
  datasetId: string,
  query: URLSearchParams,
): Promise<{ readonly items: readonly ShownItem[]; readonly shown: PageOf }> {
  const where = `project_id = $1 and dataset_id = $2 and valid_to = 'infinity'`;
  const [count] = await database.rows<{ readonly total: number }>(
    `select count(*)::int as total from dataset_items where ${where}`,
    [project.id, datasetId],
  );
  const shown = pageOf(query, { total: count?.total ?? 0, perPage });
  const items = await database.rows<ShownItem>(
    `select id, status, input, expected_output, metadata, updated_at from dataset_items where ${where}
     order by status, valid_from, seq limit $3 offset $4`,
    [project.id, datasetId, perPage, shown.offset],
  );
  return { items, shown };
}

async function oneRun(context: DevServerContext, call: Call): Promise<string | undefined> {
  const { database, project } = context;
  const runId = call.params['runId'] ?? '';
  const rows = await database.rows<RunItem & { readonly name: string | null }>(
    `select trace_id, coalesce(metadata->>'assay.item_id', experiment_item_id) as item_id, input, level,
       start_time,
       detail->'experiment'->>'name' as name
     from ${tableOf(context)}
     where project_id = $1 and experiment_id = $2 and is_item_root
       and detail->'experiment'->>'datasetId' = $3 and visible_at <= clock_timestamp()
     order by start_time, seq limit ${mostRows}`,
    [project.id, runId, call.params['datasetId'] ?? ''],
  );
  if (rows.length === 0) return undefined;
  const scores = await database.rows<ScoreRow>(
    `select * from scores where project_id = $1 and experiment_id = $2 and ${readableScores}
     order by timestamp, name, id limit ${mostRows}`,
    [project.id, runId],
  );
  return runPage({
    projectId: project.id,
    datasetId: call.params['datasetId'] ?? '',
    name: rows[0]?.name ?? runId,
    items: rows,
    scores,
    itemScores: await scoresOfTraces({ database, project }, rows),
  });
}
