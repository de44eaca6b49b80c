import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import { isJsonSchema } from '../../../../src/devstack/langfuse/json-schema.js';
import type { Context, Plugin } from '../context.js';
import type { Dataset } from '../datasets/dataset.js';
import { datasetView } from '../datasets/dataset.js';
import { datasetOf } from '../datasets/find.js';
import { conflict } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { listReply } from '../http/page.js';
import {
  jsonObjectText,
  objectMap,
  pageQuery,
  parseBody,
  parseQuery,
  uuid,
} from '../http/validate.js';
import { contains } from '../matching.js';
import type { Workspace } from '../workspace.js';

const jsonSchema = objectMap.refine(isJsonSchema, 'Invalid JSON schema').nullish();
/** Python clients say so that a field stays as it is. */
const missing = z.object({ __missing__: z.literal('__missing__') }).transform(() => undefined);

const createSchema = z.object({
  name: z.string().min(1),
  id: uuid.nullish(),
  description: z.string().nullish(),
  data_type: z.enum(['kv', 'llm', 'chat']).default('kv'),
  extra: objectMap.nullish(),
  inputs_schema_definition: jsonSchema,
  outputs_schema_definition: jsonSchema,
  transformations: z.array(z.unknown()).nullish(),
});

const updateSchema = z.object({
  name: z.union([missing, z.string().min(1)]).optional(),
  description: z.union([missing, z.string().nullable()]).optional(),
  metadata: z.union([missing, objectMap.nullable()]).optional(),
  inputs_schema_definition: z.union([missing, jsonSchema]).optional(),
  outputs_schema_definition: z.union([missing, jsonSchema]).optional(),
});

const listSchema = pageQuery.extend({
  id: z.array(uuid).optional(),
  name: z.string().optional(),
  name_contains: z.string().optional(),
  metadata: jsonObjectText.optional(),
});

export const datasets: Plugin = (context) => [
  {
    path: '/datasets',
    methods: { POST: (call) => create(context, call), GET: list },
  },
  {
    path: '/datasets/{dataset}',
    methods: {
      GET: (call) => ok(datasetView(call.workspace, datasetOf(call))),
      PATCH: (call) => update(context, call),
      DELETE: (call) => {
        call.workspace.datasets.delete(datasetOf(call).id);
        return ok({});
      },
    },
  },
];

function create({ clock }: Context, call: Call): Reply {
  const input = parseBody(createSchema, call.json());
  const id = input.id ?? randomUUID();
  refuseTakenName(call.workspace, input.name);
  if (call.workspace.datasets.has(id)) throw conflict('Dataset with this id already exists.');
  const now = clock.now();
  const metadata = objectMap.safeParse(input.extra?.['metadata']);
  const dataset: Dataset = {
    id,
    name: input.name,
    description: input.description ?? null,
    createdAt: now,
    modifiedAt: now,
    dataType: input.data_type,
    metadata: metadata.success ? metadata.data : null,
    inputsSchema: input.inputs_schema_definition ?? null,
    outputsSchema: input.outputs_schema_definition ?? null,
    transformations: input.transformations ?? null,
    histories: new Map(),
    tags: new Map(),
  };
  call.workspace.datasets.set(id, dataset);
  return ok(datasetView(call.workspace, dataset));
}

function list({ workspace, query }: Call): Reply {
  const filter = parseQuery(listSchema, query, ['id']);
  const found = [...workspace.datasets.values()].filter(
    (dataset) =>
      (filter.id === undefined || filter.id.includes(dataset.id)) &&
      (filter.name === undefined || dataset.name === filter.name) &&
      (filter.name_contains === undefined ||
        dataset.name.toLowerCase().includes(filter.name_contains.toLowerCase())) &&
      (filter.metadata === undefined || contains(dataset.metadata, filter.metadata)),
  );
  return listReply(
    found.sort((a, b) => b.createdAt - a.createdAt),
    filter,
    (dataset) => datasetView(workspace, dataset),
  );
}

function update({ clock }: Context, call: Call): Reply {
  const dataset = datasetOf(call);
  const change = parseBody(updateSchema, call.json());
  if (change.name !== undefined && change.name !== dataset.name) {
    refuseTakenName(call.workspace, change.name);
    dataset.name = change.name;
  }
  if (change.description !== undefined) dataset.description = change.description;
  if (change.metadata !== undefined) dataset.metadata = change.metadata;
  if (change.inputs_schema_definition !== undefined)
    dataset.inputsSchema = change.inputs_schema_definition;
  if (change.outputs_schema_definition !== undefined)
    dataset.outputsSchema = change.outputs_schema_definition;
  dataset.modifiedAt = clock.now();
  return ok(datasetView(call.workspace, dataset));
}

function refuseTakenName(workspace: Workspace, name: string): void {
  if ([...workspace.datasets.values()].some((dataset) => dataset.name === name))
    throw conflict('Dataset with this name already exists.');
}
