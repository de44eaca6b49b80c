import type { DevServerContext, Plugin } from '../context.js';
import { pageOf } from '../html/pager.js';
import { promptListPage, promptPage, type ListedPrompt } from '../html/prompt-page.js';
import type { Call } from '../http/exchange.js';
import type { PromptRow } from '../prompts/prompt-rows.js';
import { projectPage } from './page-reply.js';

const listed = 50;
const versionsPerPage = 20;

/** Prompts and their versions, to look at in a browser. */
export const promptView: Plugin = (context) => [
  projectPage(context, 'prompts', (call) => listPage(context, call)),
  projectPage(context, 'prompts/{name}', (call) => onePage(context, call)),
];

async function listPage({ database, project }: DevServerContext, call: Call): Promise<string> {
  const [count] = await database.rows<{ readonly total: number }>(
    'select count(distinct name)::int as total from prompts where project_id = $1',
    [project.id],
  );
  const shown = pageOf(call.query, { total: count?.total ?? 0, perPage: listed });
  const rows = await database.rows<ListedPrompt>(
    `select name, max(version) as latest, count(*)::int as versions, max(updated_at) as updated_at,
       (array_agg(type order by version desc))[1] as type,
       (select coalesce(jsonb_agg(jsonb_build_object('label', l, 'version', q.version) order by l), '[]')
        from prompts q, unnest(q.labels) l where q.project_id = $1 and q.name = p.name) as labels
     from prompts p where project_id = $1 group by name order by name limit $2 offset $3`,
    [project.id, listed, shown.offset],
  );
  return promptListPage(project, rows, shown);
}

async function onePage(
  { database, project }: DevServerContext,
  call: Call,
): Promise<string | undefined> {
  const name = call.params['name'] ?? '';
  const [count] = await database.rows<{ readonly total: number }>(
    'select count(*)::int as total from prompts where project_id = $1 and name = $2',
    [project.id, name],
  );
  const total = count?.total ?? 0;
  if (total === 0) return undefined;
  const shown = pageOf(call.query, { total, perPage: versionsPerPage });
  const versions = await database.rows<PromptRow>(
    `select * from prompts where project_id = $1 and name = $2 order by version desc limit $3 offset $4`,
    [project.id, name, versionsPerPage, shown.offset],
  );
  return promptPage({ projectId: project.id, name, versions, shown });
}
