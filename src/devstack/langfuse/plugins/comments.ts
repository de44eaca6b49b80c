import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { notFound } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { pageMeta, pageQuery, parse, queryObject } from '../http/validate.js';

const objectTypes = ['TRACE', 'OBSERVATION', 'SESSION', 'PROMPT'] as const;
const createSchema = z.object({
  projectId: z.string(),
  objectType: z.enum(objectTypes),
  objectId: z.string(),
  content: z.string().min(1).max(5_000),
  authorUserId: z.string().nullish(),
});
const listSchema = pageQuery.extend({
  objectType: z.enum(objectTypes).optional(),
  objectId: z.string().optional(),
});

interface CommentRow {
  readonly id: string;
  readonly project_id: string;
  readonly object_type: string;
  readonly object_id: string;
  readonly content: string;
  readonly author_user_id: string | null;
  readonly created_at: Date;
}

const inV3 = (column: string, table = 'v3_observations') =>
  `select 1 from ${table} where project_id = $1 and ${column} = $2`;
const targets: Readonly<Record<(typeof objectTypes)[number], string>> = {
  TRACE: `select 1 from observations where project_id = $1 and trace_id = $2
    union all ${inV3('id', 'v3_traces')} limit 1`,
  OBSERVATION: `select 1 from observations where project_id = $1 and id = $2
    union all ${inV3('id')} limit 1`,
  SESSION: `select 1 from observations where project_id = $1 and session_id = $2
    union all ${inV3('id', 'v3_sessions')} limit 1`,
  PROMPT: 'select 1 from prompts where project_id = $1 and id = $2 limit 1',
};

export const comments: Plugin = (context) => [
  {
    path: '/api/public/comments',
    methods: { POST: (call) => create(context, call), GET: (call) => list(context, call) },
  },
  // Annotation queues are not emulated: a project here never has one.
  {
    path: '/api/public/annotation-queues',
    methods: {
      GET: ({ query }) => {
        const page = parse(pageQuery, queryObject(query));
        return ok({ data: [], meta: pageMeta(page, 0) });
      },
    },
  },
];

async function create({ database, project }: DevServerContext, { body }: Call): Promise<Reply> {
  const input = parse(createSchema, body);
  const found = await database.rows(targets[input.objectType], [project.id, input.objectId]);
  if (found.length === 0)
    throw notFound(
      `Reference object, ${input.objectType}: ${input.objectId} not found. Skipping comment creation.`,
    );
  const id = randomUUID();
  await database.rows(
    `insert into comments (project_id, id, object_type, object_id, content, author_user_id)
     values ($1, $2, $3, $4, $5, $6)`,
    [project.id, id, input.objectType, input.objectId, input.content, input.authorUserId ?? null],
  );
  return ok({ id });
}

async function list({ database, project }: DevServerContext, call: Call): Promise<Reply> {
  const query = parse(listSchema, queryObject(call.query));
  const rows = await database.rows<CommentRow & { total: number }>(
    `select c.*, count(*) over ()::int as total from comments c
     where project_id = $1 and ($2::text is null or object_type = $2) and ($3::text is null or object_id = $3)
     order by created_at desc limit $4 offset $5`,
    [
      project.id,
      query.objectType ?? null,
      query.objectId ?? null,
      query.limit,
      (query.page - 1) * query.limit,
    ],
  );
  const data = rows.map((row) => ({
    id: row.id,
    projectId: row.project_id,
    createdAt: row.created_at,
    updatedAt: row.created_at,
    objectType: row.object_type,
    objectId: row.object_id,
    content: row.content,
    authorUserId: row.author_user_id,
  }));
  return ok({ data, meta: pageMeta(query, rows[0]?.total ?? 0) });
}
