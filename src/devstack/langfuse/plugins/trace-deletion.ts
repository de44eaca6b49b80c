import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { ok } from '../http/exchange.js';
import { parse } from '../http/validate.js';
import { unavailableHere } from './unavailable.js';

const manySchema = z.object({
  traceIds: z.array(z.string()).min(1, 'At least 1 traceId is required.'),
});

/** Deleting traces still works in `events_only`, while reading them by the v3 paths does not. */
export const traceDeletion: Plugin = (context) => [
  {
    path: '/api/public/traces',
    methods: {
      GET: unavailableHere,
      DELETE: async ({ body }) => {
        await deleteTraces(context, parse(manySchema, body).traceIds);
        return ok({ message: 'Traces deleted successfully' });
      },
    },
  },
  {
    path: '/api/public/traces/{traceId}',
    methods: {
      GET: unavailableHere,
      DELETE: async ({ params }) => {
        await deleteTraces(context, [params['traceId'] ?? '']);
        return ok({ message: 'Trace deleted successfully' });
      },
    },
  },
];

async function deleteTraces(
  { database, project }: DevServerContext,
  traceIds: readonly string[],
): Promise<void> {
  await database.transaction(async (queries) => {
    for (const table of ['observations', 'scores'])
      await queries.rows(`delete from ${table} where project_id = $1 and trace_id = any($2)`, [
        project.id,
        traceIds,
      ]);
  });
}
