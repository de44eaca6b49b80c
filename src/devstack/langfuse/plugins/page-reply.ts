import type { DevServerContext } from '../context.js';
import { page, pageHeaders } from '../html/page.js';
import type { Call, Handler, Reply } from '../http/exchange.js';
import { writesV4 } from '../mode.js';
import { readableScores, type ScoreRow } from '../scores/score-view.js';

/** The most rows of one thing that a page shows. */
export const mostRows = 1_000;

/** Where a mode keeps the observations that its pages show: `dual` shows those of v4. */
export const tableOf = (context: Pick<DevServerContext, 'mode'>): string =>
  writesV4(context) ? 'observations' : 'v3_rows';

type Render = (call: Call) => Promise<string | undefined>;

/** A page of the project: without a key (a browser has none to send), so from this machine only; 404 where nothing is rendered. */
export function projectPage({ project }: DevServerContext, path: string, render: Render) {
  const GET: Handler = async (call): Promise<Reply> => {
    const headers = pageHeaders;
    if (!call.fromLoopback) {
      const html = page('403', '<h1>403</h1><p>From this machine only.</p>');
      return { status: 403, html, headers };
    }
    const html = call.params['projectId'] === project.id ? await render(call) : undefined;
    return html === undefined
      ? { status: 404, html: page('404', '<h1>404</h1><p>Nothing is visible here.</p>'), headers }
      : { status: 200, html, headers };
  };
  return { path: `/project/{projectId}/${path}`, access: 'open' as const, methods: { GET } };
}

/** The scores of some traces; not of more than fit a page. */
export async function scoresOfTraces(
  { database, project }: Pick<DevServerContext, 'database' | 'project'>,
  traces: readonly { readonly trace_id: string }[],
): Promise<readonly ScoreRow[]> {
  return database.rows<ScoreRow>(
    `select * from scores where project_id = $1 and trace_id = any($2) and ${readableScores}
     order by name, timestamp, id limit ${10 * mostRows}`,
    [project.id, traces.map(({ trace_id }) => trace_id)],
  );
}
