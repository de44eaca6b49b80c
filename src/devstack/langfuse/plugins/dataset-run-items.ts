import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { invalidField, notFound } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { pageLimit, pageMeta, pageNumber, parse, queryObject } from '../http/validate.js';
import { stableExperimentId } from '../ids.js';
import { v3Read, writesV3 } from '../mode.js';
import { runByName, runItems, runItemView, storeRunItem } from '../v3/dataset-runs.js';

const writeSchema = z.object({
  runName: z.string(),
  datasetItemId: z.string(),
  runDescription: z.string().nullish(),
  metadata: z.unknown().optional(),
  traceId: z.string().nullish(),
  observationId: z.string().nullish(),
});

const listSchema = z.object({
  datasetId: z.string(),
  runName: z.string(),
  page: pageNumber,
  limit: pageLimit(50),
});

/** The items of dataset runs. In `events_only` one is answered, with the derived experiment id, and not stored. */
export const datasetRunItems: Plugin = (context) => [
  {
    path: '/api/public/dataset-run-items',
    methods: {
      POST: (call) => create(context, call),
      GET: v3Read(context, (call) => list(context, call)),
    },
  },
];

async function create(context: DevServerContext, { body }: Call): Promise<Reply> {
  const { database, project } = context;
  const write = parse(writeSchema, body);
  if ((write.traceId ?? write.observationId ?? null) === null)
    throw invalidField(['observationId', 'traceId'], 'observationId or traceId must be provided');
  const [item] = await database.rows<{ dataset_id: string }>(
    `select dataset_id from dataset_items where project_id = $1 and id = $2 and valid_to = 'infinity'`,
    [project.id, write.datasetItemId],
    'run-item-dataset',
  );
  if (item === undefined) throw notFound('Dataset item not found');
  if (writesV3(context)) {
    const traceId = write.traceId ?? (await traceOf(context, write.observationId ?? ''));
    return ok(await storeRunItem(context, { ...write, traceId, datasetId: item.dataset_id }));
  }
  const now = new Date();
  return ok({
    id: randomUUID(),
    datasetRunId: stableExperimentId(project.id, item.dataset_id, write.runName),
    datasetRunName: write.runName,
    datasetItemId: write.datasetItemId,
    traceId: write.traceId ?? null,
    observationId: write.observationId ?? null,
    createdAt: now,
    updatedAt: now,
  });
}

/** Old clients name the observation alone. */
async function traceOf(
  { database, project }: DevServerContext,
  observationId: string,
): Promise<string> {
  const [row] = await database.rows<{ trace_id: string }>(
    `select trace_id from v3_observations where project_id = $1 and id = $2 order by seq desc limit 1`,
    [project.id, observationId],
  );
  if (row === undefined) throw notFound('Observation not found');
  return row.trace_id;
}

async function list(context: DevServerContext, call: Call): Promise<Reply> {
  const query = parse(listSchema, queryObject(call.query));
  const run = await runByName(context, query);
  const page = { limit: query.limit, offset: (query.page - 1) * query.limit };
  const { rows, total } = await runItems(context, run.id, page);
  return ok({
    data: rows.map((row) => runItemView(row, run.name)),
    meta: pageMeta(query, total),
  });
}
