import { z } from 'zod';

import type { DevServerContext } from '../context.js';
import { encodeText } from '../db/text.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { parse } from '../http/validate.js';

const manySchema = z.object({
  traceIds: z.array(z.string()).min(1, 'At least 1 traceId is required.'),
});

export async function deleteMany(context: DevServerContext, { body }: Call): Promise<Reply> {
  await deleteTraces(context, parse(manySchema, body).traceIds);
  return ok({ message: 'Traces deleted successfully' });
}

export async function deleteOne(context: DevServerContext, { params }: Call): Promise<Reply> {
  await deleteTraces(context, [params['traceId'] ?? '']);
  return ok({ message: 'Trace deleted successfully' });
}

const tables = { observations: 'trace_id', scores: 'trace_id', v3_observations: 'trace_id' };

async function deleteTraces(
  { database, project }: DevServerContext,
  traceIds: readonly string[],
): Promise<void> {
  const values = [project.id, traceIds.map(encodeText)];
  await database.transaction(async (queries) => {
    for (const [table, column] of Object.entries({ ...tables, v3_traces: 'id' }))
      await queries.rows(
        `delete from ${table} where project_id = $1 and ${column} = any($2)`,
        values,
      );
  });
}
