import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import type { Queries } from '../db/database.js';
import { toJsonb } from '../db/text.js';
import { badRequest, notFound } from '../http/errors.js';
import type { Call, Handler } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { pageMeta, pageQuery, parse, queryObject } from '../http/validate.js';
import { newCuid } from '../ids.js';
import { isJsonSchema } from '../json-schema.js';

export interface DatasetRow {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly description: string | null;
  readonly metadata: unknown;
  readonly input_schema: unknown;
  readonly expected_output_schema: unknown;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const jsonSchema = z
  .unknown()
  .refine((value) => value === undefined || value === null || isJsonSchema(value), {
    message: 'Must be a valid JSON Schema',
  });

const createSchema = z.object({
  name: z.string(),
  description: z.string().nullish(),
  metadata: z.unknown().optional(),
  inputSchema: jsonSchema.optional(),
  expectedOutputSchema: jsonSchema.optional(),
});

const nameSchema = z
  .string()
  .min(1, 'Text cannot be empty')
  .regex(/^[^/]/, 'Name cannot start with a slash')
  .regex(/^.*[^/]$/, 'Name cannot end with a slash');

const columns = `id, project_id, name, description, metadata, input_schema, expected_output_schema,
  created_at, updated_at`;

// A field left out keeps its value; one sent as null is cleared: hence a flag beside each value.
const upsert = `insert into datasets as d
  (project_id, id, name, description, metadata, input_schema, expected_output_schema)
  values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (project_id, name) do update set
    description = case when $8 then excluded.description else d.description end,
    metadata = case when $9 then excluded.metadata else d.metadata end,
    input_schema = case when $10 then excluded.input_schema else d.input_schema end,
    expected_output_schema = case when $11 then excluded.expected_output_schema else d.expected_output_schema end,
    updated_at = date_trunc('milliseconds', clock_timestamp())
  returning ${columns}`;

export const datasets: Plugin = (context) => {
  const { database, project } = context;
  const create: Handler = async ({ body }) => {
    const input = parse(createSchema, body);
    const name = nameSchema.safeParse(input.name);
    if (!name.success) throw badRequest(`Dataset name not valid. ${name.error.message}`);
    const [row] = await database.rows<DatasetRow>(upsert, [
      project.id,
      newCuid(),
      input.name,
      input.description ?? null,
      toJsonb(input.metadata),
      toJsonb(input.inputSchema),
      toJsonb(input.expectedOutputSchema),
      input.description !== undefined,
      input.metadata !== undefined,
      input.inputSchema !== undefined,
      input.expectedOutputSchema !== undefined,
    ]);
    return ok(row && datasetView(row));
  };
  const get = async ({ params }: Call) =>
    datasetView(await datasetByName(database, project.id, params['datasetName'] ?? ''));
  const v1Extras = { items: [], runs: [] };
  return [
    {
      path: '/api/public/v2/datasets',
      methods: { GET: async (call) => ok(await listDatasets(context, call, {})), POST: create },
    },
    {
      path: '/api/public/v2/datasets/{datasetName}',
      methods: { GET: async (call) => ok(await get(call)) },
    },
    {
      path: '/api/public/datasets',
      methods: {
        GET: async (call) => ok(await listDatasets(context, call, v1Extras)),
        POST: create,
      },
    },
    {
      path: '/api/public/datasets/{datasetName}',
      methods: { GET: async (call) => ok({ ...(await get(call)), ...v1Extras }) },
    },
  ];
};

/** The dataset of that name, or the recorded 404. */
export async function datasetByName(
  queries: Queries,
  projectId: string,
  name: string,
): Promise<DatasetRow> {
  const [row] = await queries.rows<DatasetRow>(
    `select ${columns} from datasets where project_id = $1 and name = $2`,
    [projectId, name],
    'dataset-by-name',
  );
  if (row === undefined) throw notFound('Dataset not found');
  return row;
}

async function listDatasets(
  { database, project }: DevServerContext,
  call: Call,
  extras: object,
): Promise<unknown> {
  const query = parse(pageQuery, queryObject(call.query));
  const rows = await database.rows<DatasetRow>(
    `select ${columns} from datasets where project_id = $1
     order by created_at desc, seq desc limit $2 offset $3`,
    [project.id, query.limit, (query.page - 1) * query.limit],
  );
  const [count] = await database.rows<{ total: number }>(
    'select count(*)::int as total from datasets where project_id = $1',
    [project.id],
  );
  return {
    data: rows.map((row) => ({ ...datasetView(row), ...extras })),
    meta: pageMeta(query, count?.total ?? 0),
  };
}

function datasetView(row: DatasetRow) {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    description: row.description,
    metadata: row.metadata,
    inputSchema: row.input_schema,
    expectedOutputSchema: row.expected_output_schema,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
