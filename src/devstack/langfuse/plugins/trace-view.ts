import type { DevServerContext, Plugin } from '../context.js';
import type { ItemRoot } from '../html/item-cells.js';
import { page, pageHeaders } from '../html/page.js';
import { datasetPage, runPage, type DatasetRun, type RunItem } from '../html/run-page.js';
import { traceListPage, tracePage } from '../html/trace-page.js';
import type { Call, Reply } from '../http/exchange.js';
import { writesV4 } from '../mode.js';
import type { ScoreRow } from '../scores/score-view.js';
import { readableScores } from '../scores/score-view.js';

const mostRows = 1_000;
const listed = 100;
const columns = `seq, project_id, trace_id, id, parent_id, start_time, end_time, created_at, type, name, level,
  environment, user_id, session_id, version, is_root, model, prompt_id, input, output, detail, experiment_id,
  coalesce(metadata->>'assay.item_id', experiment_item_id) as item_id`;

/** Where a mode keeps the observations that its pages show: `dual` shows those of v4. */
const tableOf = (context: Pick<DevServerContext, 'mode'>): string =>
  writesV4(context) ? 'observations' : 'v3_rows';

/** Pages to look at in a browser: without a key (a browser has none to send), so from this machine only. */
export const traceView: Plugin = (context) => [
  {
    path: '/project/{projectId}/traces',
    access: 'open',
    methods: { GET: (call) => guarded(context, call, () => listPage(context)) },
  },
  {
    path: '/project/{projectId}/traces/{traceId}',
    access: 'open',
    methods: {
      GET: (call) => guarded(context, call, () => onePage(context, call.params['traceId'] ?? '')),
    },
  },
  {
    path: '/project/{projectId}/datasets/{datasetId}',
    access: 'open',
    methods: { GET: (call) => guarded(context, call, () => oneDataset(context, call)) },
  },
  {
    path: '/project/{projectId}/datasets/{datasetId}/runs/{runId}',
    access: 'open',
    methods: { GET: (call) => guarded(context, call, () => oneRun(context, call)) },
  },
];

async function guarded(
  { project }: DevServerContext,
  call: Call,
  render: () => Promise<string | undefined>,
): Promise<Reply> {
  const headers = pageHeaders;
  if (!call.fromLoopback)
    return {
      status: 403,
      html: page('403', '<h1>403</h1><p>From this machine only.</p>'),
      headers,
    };
  const html = call.params['projectId'] === project.id ? await render() : undefined;
  return html === undefined
    ? { status: 404, html: page('404', '<h1>404</h1><p>Nothing is visible here.</p>'), headers }
    : { status: 200, html, headers };
}

async function listPage(context: DevServerContext): Promise<string> {
  const { database, project } = context;
  const roots = await database.rows<ItemRoot>(
    `select ${columns} from ${tableOf(context)}
     where project_id = $1 and is_root and visible_at <= clock_timestamp()
     order by start_time desc, trace_id desc, id desc limit ${listed}`,
    [project.id],
  );
  return traceListPage(project, roots, await scoresOf({ database, project }, roots));
}

/** The scores of some traces; not of more than fit a page. */
async function scoresOf(
  { database, project }: Pick<DevServerContext, 'database' | 'project'>,
  traces: readonly { readonly trace_id: string }[],
): Promise<readonly ScoreRow[]> {
  return database.rows<ScoreRow>(
    `select * from scores where project_id = $1 and trace_id = any($2) and ${readableScores}
     order by name, timestamp, id limit ${10 * mostRows}`,
    [project.id, traces.map(({ trace_id }) => trace_id)],
  );
}

async function onePage(context: DevServerContext, traceId: string): Promise<string | undefined> {
  const { database, project } = context;
  const rows = await database.rows<ItemRoot>(
    `select ${columns} from ${tableOf(context)}
     where project_id = $1 and trace_id = $2 and visible_at <= clock_timestamp()
     order by start_time, seq limit ${mostRows}`,
    [project.id, traceId],
  );
  if (rows.length === 0) return undefined;
  const scores = await database.rows<ScoreRow>(
    `select * from scores where project_id = $1 and trace_id = $2 and ${readableScores}
     order by timestamp, id limit ${mostRows}`,
    [project.id, traceId],
  );
  return tracePage(traceId, rows, scores);
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
    itemScores: await scoresOf({ database, project }, rows),
  });
}

async function oneDataset(context: DevServerContext, call: Call): Promise<string | undefined> {
  const { database, project } = context;
  const datasetId = call.params['datasetId'] ?? '';
  const runs = await database.rows<DatasetRun>(
    `select experiment_id as run_id, min(detail->'experiment'->>'name') as name, count(*)::int as items,
       max(start_time) as last
     from ${tableOf(context)}
     where project_id = $1 and is_item_root and experiment_id is not null
       and detail->'experiment'->>'datasetId' = $2 and visible_at <= clock_timestamp()
     group by experiment_id order by last desc limit ${listed}`,
    [project.id, datasetId],
  );
  const [dataset] = await database.rows<{ readonly name: string }>(
    `select name from datasets where project_id = $1 and id = $2`,
    [project.id, datasetId],
  );
  if (dataset === undefined && runs.length === 0) return undefined;
  return datasetPage({ projectId: project.id, datasetId, name: dataset?.name ?? datasetId, runs });
}
