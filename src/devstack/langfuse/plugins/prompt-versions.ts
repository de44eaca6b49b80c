import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { badRequest, notFound } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { parse, queryObject } from '../http/validate.js';
import { newLabelsSchema } from '../prompts/prompt-input.js';
import { referencesIn, resolveReferences } from '../prompts/prompt-references.js';
import type { PromptRow } from '../prompts/prompt-rows.js';
import {
  findPrompt,
  promptView,
  requirePrompt,
  takeLabels,
  touch,
} from '../prompts/prompt-rows.js';

const selection = {
  version: z.coerce.number().int().optional(),
  label: z.string().optional(),
};
const readQuery = z.object({ ...selection, resolve: z.enum(['true', 'false']).optional() });

export const promptVersions: Plugin = (context) => [
  {
    path: '/api/public/v2/prompts/{promptName}',
    methods: {
      GET: async (call) => ok(await readPrompt(context, call.params['promptName'] ?? '', call)),
      DELETE: (call) => remove(context, call),
    },
  },
  {
    path: '/api/public/v2/prompts/{promptName}/versions/{version}',
    methods: { PATCH: (call) => addLabels(context, call) },
  },
];

/** GET of one prompt: label `production` unless a version or a label is named; references resolved. */
export async function readPrompt(
  { database, project }: DevServerContext,
  name: string,
  call: Call,
): Promise<unknown> {
  const query = parse(readQuery, queryObject(call.query));
  if (query.version !== undefined && query.label !== undefined)
    throw badRequest('Cannot specify both version and label');
  const selector =
    query.version === undefined
      ? { label: query.label ?? 'production' }
      : { version: query.version };
  const row = await requirePrompt(database, project.id, { name, selector });
  const { prompt, graph } =
    query.resolve === 'false'
      ? { prompt: row.prompt, graph: null }
      : await resolveReferences(database, project.id, row);
  const isActive = row.labels.includes('production');
  return { ...promptView({ ...row, prompt }, isActive), resolutionGraph: graph };
}

async function addLabels({ database, project }: DevServerContext, call: Call): Promise<Reply> {
  const name = call.params['promptName'] ?? '';
  const version = parse(z.coerce.number().int(), call.params['version']);
  const { newLabels } = parse(newLabelsSchema, call.body);
  const row = await database.transaction(async (queries) => {
    const before = await findPrompt(queries, project.id, { name, selector: { version } });
    if (before === undefined)
      throw notFound(`Prompt '${name}' version ${version} not found in project`);
    await takeLabels(queries, project.id, { name, labels: newLabels, except: version });
    const [after] = await queries.rows<PromptRow>(
      `update prompts set labels = $3, ${touch} where project_id = $1 and id = $2 returning *`,
      [project.id, before.id, [...new Set([...newLabels, ...before.labels])]],
    );
    return after;
  });
  return ok(row && promptView(row, null));
}

async function remove({ database, project }: DevServerContext, call: Call): Promise<Reply> {
  const name = call.params['promptName'] ?? '';
  const query = parse(z.object(selection), queryObject(call.query));
  await database.transaction(async (queries) => {
    const doomed = await queries.rows<PromptRow>(
      `select * from prompts where project_id = $1 and name = $2
         and ($3::int is null or version = $3) and ($4::text is null or $4 = any(labels))`,
      [project.id, name, query.version ?? null, query.label ?? null],
    );
    if (doomed.length === 0) throw notFound('Prompt not found');
    const all = await queries.rows<PromptRow>('select * from prompts where project_id = $1', [
      project.id,
    ]);
    refuseWithDependents(doomed, all);
    await queries.rows('delete from prompts where project_id = $1 and id = any($2)', [
      project.id,
      doomed.map(({ id }) => id),
    ]);
    // `latest` is always on the newest version that is left.
    await queries.rows(
      `update prompts set labels = labels || '{latest}' where project_id = $1 and name = $2
         and not 'latest' = any(labels)
         and version = (select max(version) from prompts where project_id = $1 and name = $2)`,
      [project.id, name],
    );
  });
  return { status: 204 };
}

function refuseWithDependents(doomed: readonly PromptRow[], all: readonly PromptRow[]): void {
  const ids = new Set(doomed.map(({ id }) => id));
  const lines = all
    .filter(({ id }) => !ids.has(id))
    .flatMap((dependent) =>
      referencesIn(dependent.prompt)
        .filter(({ name, selector }) =>
          doomed.some(
            (row) =>
              row.name === name &&
              ('version' in selector
                ? row.version === selector.version
                : row.labels.includes(selector.label)),
          ),
        )
        .map(
          ({ name, selector }) =>
            `${dependent.name} v${dependent.version} depends on ${name} ${'version' in selector ? `v${selector.version}` : selector.label}`,
        ),
    );
  if (lines.length > 0)
    throw badRequest(
      `Other prompts are depending on prompt versions you are trying to delete:\n\n${lines.join('\n')}\n\nPlease delete the dependent prompts first.`,
    );
}
