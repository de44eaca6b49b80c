import type { DevServerContext, Plugin } from '../context.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { pageMeta, pageQuery, parse, queryObject } from '../http/validate.js';
import { v3Read } from '../mode.js';
import type { RunRow } from '../v3/dataset-runs.js';
import { runByName, runItems, runItemView, runView } from '../v3/dataset-runs.js';
import { datasetByName } from './datasets.js';

/** The runs over a dataset, in the modes that store them. */
export const datasetRuns: Plugin = (context) => [
  {
    path: '/api/public/datasets/{datasetName}/runs',
    methods: { GET: v3Read(context, (call) => list(context, call)) },
  },
  {
    path: '/api/public/datasets/{datasetName}/runs/{runName}',
    methods: {
      GET: v3Read(context, (call) => get(context, call)),
      DELETE: v3Read(context, (call) => remove(context, call)),
    },
  },
];

const datasetOf = ({ database, project }: DevServerContext, { params }: Call) =>
  datasetByName(database, project.id, params['datasetName'] ?? '');

async function list(context: DevServerContext, call: Call): Promise<Reply> {
  const { database, project } = context;
  const query = parse(pageQuery, queryObject(call.query));
  const dataset = await datasetOf(context, call);
  const rows = await database.rows<RunRow>(
    `select * from dataset_runs where project_id = $1 and dataset_id = $2
     order by created_at desc, seq desc limit $3 offset $4`,
    [project.id, dataset.id, query.limit, (query.page - 1) * query.limit],
  );
  const [count] = await database.rows<{ total: number }>(
    'select count(*)::int as total from dataset_runs where project_id = $1 and dataset_id = $2',
    [project.id, dataset.id],
  );
  return ok({
    data: rows.map((row) => runView(row, dataset.name)),
    meta: pageMeta(query, count?.total ?? 0),
  });
}

async function runOf(context: DevServerContext, call: Call) {
  const dataset = await datasetOf(context, call);
  const runName = call.params['runName'] ?? '';
  return { dataset, run: await runByName(context, { datasetId: dataset.id, runName }) };
}

async function get(context: DevServerContext, call: Call): Promise<Reply> {
  const { dataset, run } = await runOf(context, call);
  const { rows } = await runItems(context, run.id, undefined);
  return ok({
    ...runView(run, dataset.name),
    datasetRunItems: rows.map((row) => runItemView(row, run.name)),
  });
}

async function remove(context: DevServerContext, call: Call): Promise<Reply> {
  const { run } = await runOf(context, call);
  const { database, project } = context;
  await database.transaction(async (queries) => {
    await queries.rows('delete from dataset_run_items where project_id = $1 and run_id = $2', [
      project.id,
      run.id,
    ]);
    await queries.rows('delete from dataset_runs where project_id = $1 and id = $2', [
      project.id,
      run.id,
    ]);
  });
  return ok({ message: 'Dataset run successfully deleted' });
}
