import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import type { Plugin } from '../context.js';
import { invalidField, notFound } from '../http/errors.js';
import type { Handler } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { parse } from '../http/validate.js';
import { stableExperimentId } from '../ids.js';
import { unavailableHere } from './unavailable.js';

const writeSchema = z.object({
  runName: z.string(),
  datasetItemId: z.string(),
  runDescription: z.string().nullish(),
  metadata: z.unknown().optional(),
  traceId: z.string().nullish(),
  observationId: z.string().nullish(),
});

/** In `events_only` a run item is answered, with the derived experiment id, and not stored. */
export const datasetRunItems: Plugin = ({ database, project }) => {
  const create: Handler = async ({ body }) => {
    const write = parse(writeSchema, body);
    if ((write.traceId ?? write.observationId ?? null) === null)
      throw invalidField(['observationId', 'traceId'], 'observationId or traceId must be provided');
    const [item] = await database.rows<{ dataset_id: string }>(
      `select dataset_id from dataset_items where project_id = $1 and id = $2 and valid_to = 'infinity'`,
      [project.id, write.datasetItemId],
      'run-item-dataset',
    );
    if (item === undefined) throw notFound('Dataset item not found');
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
  };
  return [
    {
      path: '/api/public/dataset-run-items',
      methods: { POST: create, GET: unavailableHere },
    },
  ];
};
