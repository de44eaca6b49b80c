import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { isUniqueViolation } from '../db/database.js';
import { toJsonb } from '../db/text.js';
import { badRequest } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import {
  isoDateTime,
  pageLimit,
  pageMeta,
  pageNumber,
  parse,
  queryObject,
} from '../http/validate.js';
import { parsePromptInput } from '../prompts/prompt-input.js';
import { checkReferences } from '../prompts/prompt-references.js';
import type { PromptRow } from '../prompts/prompt-rows.js';
import { promptView, takeLabels, touch } from '../prompts/prompt-rows.js';
import { readPrompt } from './prompt-versions.js';

const listQuery = z.object({
  name: z.string().optional(),
  label: z.string().optional(),
  tag: z.string().optional(),
  fromUpdatedAt: isoDateTime.optional(),
  toUpdatedAt: isoDateTime.optional(),
  page: pageNumber,
  limit: pageLimit(10),
});

export const prompts: Plugin = (context) => [
  {
    path: '/api/public/v2/prompts',
    methods: { POST: (call) => create(context, call), GET: (call) => list(context, call) },
  },
  {
    path: '/api/public/prompts',
    methods: {
      POST: (call) => create(context, call),
      GET: async (call) => ok(await readPrompt(context, call.query.get('name') ?? '', call)),
    },
  },
];

async function create(context: DevServerContext, { body }: Call): Promise<Reply> {
  const input = parsePromptInput(body);
  try {
    const row = await insertVersion(context, input);
    return { status: 201, json: promptView(row, null) };
  } catch (error) {
    // Parallel creates of one name: the first wins, the others are told of the constraint.
    if (isUniqueViolation(error))
      throw badRequest('Unique constraint failed on the fields: (`project_id`,`name`,`version`)');
    throw error;
  }
}

function insertVersion(
  { database, project }: DevServerContext,
  input: ReturnType<typeof parsePromptInput>,
): Promise<PromptRow> {
  return database.transaction(async (queries) => {
    const [last] = await queries.rows<PromptRow>(
      'select * from prompts where project_id = $1 and name = $2 order by version desc limit 1',
      [project.id, input.name],
    );
    if (last !== undefined && last.type !== input.type)
      throw badRequest(
        'Previous versions have different prompt type. Create a new prompt with a different name.',
      );
    await checkReferences(queries, project.id, input.prompt);
    const version = (last?.version ?? 0) + 1;
    const labels = [...new Set([...input.labels, 'latest'])];
    const tags = input.tags ?? last?.tags ?? [];
    const [row] = await queries.rows<PromptRow>(
      `insert into prompts (project_id, id, name, version, type, prompt, config, tags, labels, commit_message)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning *`,
      [
        project.id,
        randomUUID(),
        input.name,
        version,
        input.type,
        toJsonb(input.prompt),
        toJsonb(input.config) ?? '{}',
        tags,
        labels,
        input.commitMessage ?? null,
      ],
    );
    if (row === undefined) throw new Error('the insert returned no row');
    await takeLabels(queries, project.id, { name: input.name, labels, except: version });
    if (input.tags)
      await queries.rows(
        `update prompts set tags = $3, ${touch}
         where project_id = $1 and name = $2 and tags <> $3 and version <> $4`,
        [project.id, input.name, tags, version],
      );
    return row;
  });
}

interface ListRow {
  readonly name: string;
  readonly tags: readonly string[];
  readonly last_updated: Date;
  readonly versions: readonly number[];
  readonly labels: readonly string[];
  readonly type: string;
  readonly last_config: unknown;
  readonly total: number;
}

async function list({ database, project }: DevServerContext, call: Call): Promise<Reply> {
  const query = parse(listQuery, queryObject(call.query));
  const rows = await database.rows<ListRow>(
    `select name, (array_agg(to_jsonb(tags) order by version desc))[1] as tags,
       max(updated_at) as last_updated, array_agg(version order by version) as versions,
       array(select distinct l from prompts q, unnest(q.labels) l
         where q.project_id = $1 and q.name = p.name and q.version = any(array_agg(p.version)) order by l) as labels,
       (array_agg(type order by version desc))[1] as type,
       (array_agg(config order by version desc))[1] as last_config, count(*) over ()::int as total
     from prompts p
     where project_id = $1 and ($2::text is null or name = $2) and ($3::text is null or $3 = any(labels))
       and ($4::text is null or $4 = any(tags)) and ($5::timestamptz is null or updated_at >= $5)
       and ($6::timestamptz is null or updated_at < $6)
     group by name order by name limit $7 offset $8`,
    [
      project.id,
      query.name ?? null,
      query.label ?? null,
      query.tag ?? null,
      query.fromUpdatedAt ?? null,
      query.toUpdatedAt ?? null,
      query.limit,
      (query.page - 1) * query.limit,
    ],
  );
  const meta = pageMeta(query, rows[0]?.total ?? 0);
  const data = rows.map((row) => ({
    name: row.name,
    tags: row.tags,
    lastUpdatedAt: row.last_updated,
    versions: row.versions,
    labels: row.labels,
    type: row.type,
    lastConfig: row.last_config,
  }));
  return ok({ data, meta, pagination: meta });
}
