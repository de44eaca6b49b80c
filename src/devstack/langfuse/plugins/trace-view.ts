import type { DevServerContext, Plugin } from '../context.js';
import type { ItemRoot } from '../html/item-cells.js';
import { traceListPage, tracePage } from '../html/trace-page.js';
import { readableScores, type ScoreRow } from '../scores/score-view.js';
import { mostRows, projectPage, scoresOfTraces, tableOf } from './page-reply.js';

const listed = 100;
const columns = `seq, project_id, trace_id, id, parent_id, start_time, end_time, created_at, type, name, level,
  environment, user_id, session_id, version, is_root, model, prompt_id, input, output, detail, experiment_id,
  coalesce(metadata->>'assay.item_id', experiment_item_id) as item_id`;

/** Traces to look at in a browser. */
export const traceView: Plugin = (context) => [
  projectPage(context, 'traces', () => listPage(context)),
  projectPage(context, 'traces/{traceId}', ({ params }) =>
    onePage(context, params['traceId'] ?? ''),
  ),
];

async function listPage(context: DevServerContext): Promise<string> {
  const { database, project } = context;
  const roots = await database.rows<ItemRoot>(
    `select ${columns} from ${tableOf(context)}
     where project_id = $1 and is_root and visible_at <= clock_timestamp()
     order by start_time desc, trace_id desc, id desc limit ${listed}`,
    [project.id],
  );
  return traceListPage(project, roots, await scoresOfTraces({ database, project }, roots));
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
