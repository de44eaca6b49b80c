import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { toJsonb } from '../db/text.js';
import { badRequest, conflict, invalidField, notFound } from '../http/errors.js';
import type { Call, Handler } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { pageLimit, pageMeta, pageNumber, parse, queryObject } from '../http/validate.js';
import { schemaViolation } from '../json-schema.js';
import type { DatasetRow } from './datasets.js';
import { datasetByName } from './datasets.js';

interface ItemRow {
  readonly id: string;
  readonly dataset_id: string;
  readonly dataset_name: string;
  readonly status: string;
  readonly input: unknown;
  readonly expected_output: unknown;
  readonly metadata: unknown;
  readonly source_trace_id: string | null;
  readonly source_observation_id: string | null;
  readonly valid_from: Date;
  readonly updated_at: Date;
}

const writeSchema = z.object({
  datasetName: z.string(),
  id: z.string().max(255).nullish(),
  input: z.unknown().optional(),
  expectedOutput: z.unknown().optional(),
  metadata: z.unknown().optional(),
  sourceTraceId: z.string().nullish(),
  sourceObservationId: z.string().nullish(),
  status: z.enum(['ACTIVE', 'ARCHIVED']).nullish(),
});
type ItemWrite = z.infer<typeof writeSchema>;

const listSchema = z.object({
  datasetName: z.string().optional(),
  sourceTraceId: z.string().optional(),
  sourceObservationId: z.string().optional(),
  version: z.coerce.date().optional(),
  page: pageNumber,
  limit: pageLimit(50),
});

export const datasetItems: Plugin = (context) => {
  const one: Handler = async ({ params }) => {
    const row = await currentItem(context, params['id'] ?? '');
    if (row === undefined) throw notFound('Dataset item not found');
    return ok(itemView(row));
  };
  return [
    {
      path: '/api/public/dataset-items',
      methods: {
        POST: async ({ body }) => ok(await writeItem(context, parse(writeSchema, body))),
        GET: async (call) => ok(await listItems(context, call)),
      },
    },
    {
      path: '/api/public/dataset-items/{id}',
      methods: { GET: one, DELETE: (call) => deleteItem(context, call) },
    },
  ];
};

async function writeItem(context: DevServerContext, write: ItemWrite): Promise<unknown> {
  const { database, project } = context;
  const dataset = await datasetByName(database, project.id, write.datasetName).catch(() => {
    throw notFound(`Dataset ${write.datasetName} not found for project ${project.id}`);
  });
  const id = write.id ?? randomUUID();
  const input = stored(write.input);
  const expectedOutput = stored(write.expectedOutput);
  await checkSchemas(context, dataset, { id, input, expectedOutput });
  const [row] = await database.rows<ItemRow>(
    'select * from upsert_dataset_item($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    [
      project.id,
      id,
      dataset.id,
      write.status ?? null,
      merged(write.input),
      merged(write.expectedOutput),
      merged(write.metadata),
      write.sourceTraceId ?? null,
      write.sourceObservationId ?? null,
    ],
    'upsert-dataset-item',
  );
  if (row === undefined) throw new Error('the item function returned no row');
  if (row.dataset_id !== dataset.id)
    throw conflict(
      `Dataset item id ${id} already exists in another dataset (id ${row.dataset_id}) in this project; item ids are unique per project across datasets. Use a different id or target dataset ${row.dataset_id}.`,
    );
  return itemView({ ...row, dataset_name: dataset.name });
}

/**
 * What is put in the place of an old value: the real server merges before it parses, so that null keeps what was there and the
 * text `null` takes it away.
 */
const merged = (value: unknown): string | null =>
  typeof value === 'string' && stored(value) === null ? 'null' : toJsonb(stored(value));

/** A string that parses as JSON comes back parsed from the real server (text `007` does not parse). */
function stored(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

async function checkSchemas(
  context: DevServerContext,
  dataset: DatasetRow,
  write: { id: string; input: unknown; expectedOutput: unknown },
): Promise<void> {
  const { input_schema: inputSchema, expected_output_schema: outputSchema } = dataset;
  if (inputSchema === null && outputSchema === null) return;
  const previous = await currentItem(context, write.id);
  const input = write.input ?? previous?.input ?? null;
  const output = write.expectedOutput ?? previous?.expected_output ?? null;
  const wrong = [
    ['Input', schemaViolation(inputSchema, input)],
    ['Expected output', output === null ? undefined : schemaViolation(outputSchema, output)],
  ].flatMap(([part, text]) =>
    text === undefined ? [] : [`${part ?? ''} validation failed: ${text}`],
  );
  if (wrong.length > 0) throw badRequest(`Dataset item validation failed: ${wrong.join('; ')}`);
}

const itemColumns = `i.id, i.dataset_id, d.name as dataset_name, i.status, i.input, i.expected_output,
  i.metadata, i.source_trace_id, i.source_observation_id, i.valid_from, i.updated_at`;
const itemTables = `dataset_items i join datasets d on d.project_id = i.project_id and d.id = i.dataset_id`;

async function currentItem(
  { database, project }: DevServerContext,
  id: string,
): Promise<ItemRow | undefined> {
  const [row] = await database.rows<ItemRow>(
    `select ${itemColumns} from ${itemTables}
     where i.project_id = $1 and i.id = $2 and i.valid_to = 'infinity'`,
    [project.id, id],
    'current-item',
  );
  return row;
}

async function listItems(context: DevServerContext, call: Call): Promise<unknown> {
  const { database, project } = context;
  const query = parse(listSchema, queryObject(call.query));
  if (query.version !== undefined && query.datasetName === undefined)
    throw invalidField(
      ['datasetName'],
      'datasetName is required when version parameter is provided',
    );
  const dataset =
    query.datasetName === undefined
      ? undefined
      : await datasetByName(database, project.id, query.datasetName);
  const values: unknown[] = [project.id];
  const given = (condition: (value: string) => string, value: unknown): readonly string[] =>
    value === undefined ? [] : [condition(`$${values.push(value)}`)];
  // Only the conditions that are asked for: with `or … is null` beside each, no index would serve any.
  const where = [
    'i.project_id = $1',
    ...given((value) => `i.dataset_id = ${value}`, dataset?.id),
    ...given((value) => `i.source_trace_id = ${value}`, query.sourceTraceId),
    ...given((value) => `i.source_observation_id = ${value}`, query.sourceObservationId),
    `i.status = 'ACTIVE'`,
    ...(query.version === undefined ? [`i.valid_to = 'infinity'`] : []),
    ...given((value) => `i.valid_from <= ${value} and i.valid_to > ${value}`, query.version),
  ].join(' and ');
  // The page first, and then what is shown of its rows.
  const page = `select seq from dataset_items i where ${where}
    order by i.valid_from desc, i.seq desc limit $${values.length + 1} offset $${values.length + 2}`;
  const [rows, [count]] = await Promise.all([
    database.rows<ItemRow>(
      `select ${itemColumns} from ${itemTables} where i.seq in (${page})
       order by i.valid_from desc, i.seq desc`,
      [...values, query.limit, (query.page - 1) * query.limit],
    ),
    database.rows<{ total: number }>(
      `select count(*)::int as total from dataset_items i where ${where}`,
      values,
    ),
  ]);
  return { data: rows.map(itemView), meta: pageMeta(query, count?.total ?? 0) };
}

async function deleteItem({ database, project }: DevServerContext, { params }: Call) {
  const id = params['id'] ?? '';
  const gone = await database.rows(
    `update dataset_items set valid_to = clock_timestamp(), updated_at = clock_timestamp()
     where project_id = $1 and id = $2 and valid_to = 'infinity' returning seq`,
    [project.id, id],
  );
  if (gone.length === 0)
    throw notFound(`Dataset item with id ${id} not found for project ${project.id}`);
  return ok({ message: 'Dataset item successfully deleted' });
}

function itemView(row: ItemRow) {
  return {
    id: row.id,
    datasetId: row.dataset_id,
    status: row.status,
    sourceTraceId: row.source_trace_id,
    sourceObservationId: row.source_observation_id,
    createdAt: row.valid_from,
    updatedAt: row.updated_at,
    input: row.input,
    expectedOutput: row.expected_output,
    metadata: row.metadata,
    datasetName: row.dataset_name,
    mediaReferences: [],
  };
}
