import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { toJsonb } from '../db/text.js';
import { invalidField, notFound } from '../http/errors.js';
import type { Call } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { pageMeta, pageQuery, parse, queryObject } from '../http/validate.js';

export interface ScoreConfigRow {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly data_type: string;
  readonly description: string | null;
  readonly min_value: number | null;
  readonly max_value: number | null;
  readonly categories: readonly { readonly label: string; readonly value: number }[] | null;
  readonly is_archived: boolean;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const category = z.object({ label: z.string().min(1), value: z.number() });
const common = { name: z.string().min(1).max(35), description: z.string().nullish() };
const createSchema = z.discriminatedUnion('dataType', [
  z.object({
    ...common,
    dataType: z.literal('NUMERIC'),
    minValue: z.number().nullish(),
    maxValue: z.number().nullish(),
  }),
  z.object({ ...common, dataType: z.literal('CATEGORICAL'), categories: z.array(category).min(1) }),
  z.object({ ...common, dataType: z.literal('BOOLEAN'), categories: z.array(category).nullish() }),
  z.object({ ...common, dataType: z.literal('TEXT') }),
]);
const patchSchema = z.object({
  name: common.name.optional(),
  description: common.description,
  isArchived: z.boolean().optional(),
  minValue: z.number().nullish(),
  maxValue: z.number().nullish(),
  categories: z.array(category).nullish(),
});
const booleanCategories = [
  { label: 'True', value: 1 },
  { label: 'False', value: 0 },
];

export const scoreConfigs: Plugin = (context) => [
  {
    path: '/api/public/score-configs',
    methods: {
      POST: ({ body }) => create(context, parse(createSchema, body)),
      GET: (call) => list(context, call),
    },
  },
  {
    path: '/api/public/score-configs/{configId}',
    methods: {
      GET: async ({ params }) => ok(configView(await byId(context, params['configId'] ?? ''))),
      PATCH: (call) => patch(context, call),
    },
  },
];

async function create(
  { database, project }: DevServerContext,
  input: z.infer<typeof createSchema>,
) {
  const min = 'minValue' in input ? (input.minValue ?? null) : null;
  const max = 'maxValue' in input ? (input.maxValue ?? null) : null;
  const given = 'categories' in input ? (input.categories ?? null) : null;
  const categories = input.dataType === 'BOOLEAN' ? booleanCategories : given;
  checkBounds(min, max, categories);
  const [row] = await database.rows<ScoreConfigRow>(
    `insert into score_configs (project_id, id, name, data_type, description, min_value, max_value, categories)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning *`,
    [
      project.id,
      randomUUID(),
      input.name,
      input.dataType,
      input.description ?? null,
      min,
      max,
      toJsonb(categories),
    ],
  );
  return ok(row && configView(row));
}

function checkBounds(
  min: number | null,
  max: number | null,
  categories: ScoreConfigRow['categories'],
): void {
  if (min !== null && max !== null && min >= max)
    throw invalidField([], 'Maximum value must be greater than Minimum value');
  const seen = { labels: new Set<string>(), values: new Set<number>() };
  for (const { label, value } of categories ?? []) {
    if (seen.labels.has(label))
      throw invalidField(
        ['categories'],
        `Duplicate category label: ${label}, category labels must be unique`,
      );
    if (seen.values.has(value))
      throw invalidField(
        ['categories'],
        `Duplicate category value: ${value}, category values must be unique`,
      );
    seen.labels.add(label);
    seen.values.add(value);
  }
}

async function byId({ database, project }: DevServerContext, id: string): Promise<ScoreConfigRow> {
  const [row] = await database.rows<ScoreConfigRow>(
    'select * from score_configs where project_id = $1 and id = $2',
    [project.id, id],
  );
  if (row === undefined) throw notFound('Score config not found within authorized project');
  return row;
}

async function patch(context: DevServerContext, { params, body }: Call) {
  const input = parse(patchSchema, body);
  const before = await byId(context, params['configId'] ?? '');
  const pick = <T>(given: T | undefined, kept: T): T => (given === undefined ? kept : given);
  const min = pick(input.minValue, before.min_value);
  const max = pick(input.maxValue, before.max_value);
  const categories = pick(input.categories, before.categories as typeof input.categories);
  checkBounds(min ?? null, max ?? null, categories ?? null);
  const [row] = await context.database.rows<ScoreConfigRow>(
    `update score_configs set name = $3, description = $4, is_archived = $5, min_value = $6, max_value = $7,
       categories = $8, updated_at = date_trunc('milliseconds', clock_timestamp())
     where project_id = $1 and id = $2 returning *`,
    [
      context.project.id,
      before.id,
      pick(input.name, before.name),
      pick(input.description, before.description),
      pick(input.isArchived, before.is_archived),
      min,
      max,
      toJsonb(categories),
    ],
  );
  return ok(row && configView(row));
}

async function list({ database, project }: DevServerContext, call: Call) {
  const query = parse(pageQuery, queryObject(call.query));
  const rows = await database.rows<ScoreConfigRow & { total: number }>(
    `select c.*, count(*) over ()::int as total from score_configs c where project_id = $1
     order by created_at desc, seq desc limit $2 offset $3`,
    [project.id, query.limit, (query.page - 1) * query.limit],
  );
  return ok({ data: rows.map(configView), meta: pageMeta(query, rows[0]?.total ?? 0) });
}

function configView(row: ScoreConfigRow) {
  return {
    id: row.id,
    name: row.name,
    isArchived: row.is_archived,
    description: row.description,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    projectId: row.project_id,
    maxValue: row.max_value,
    minValue: row.min_value,
    dataType: row.data_type,
    categories: row.categories,
  };
}
