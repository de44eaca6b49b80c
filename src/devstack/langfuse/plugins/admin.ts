import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { tables } from '../db/schema.js';
import type { Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { parse, queryObject } from '../http/validate.js';
import { propagate } from '../v3/propagate.js';
import { faultRuleSchema, visibilityChoiceSchema } from '../options.js';

const faultsSchema = z.union([
  faultRuleSchema.transform((rule) => [rule]),
  z.strictObject({ rules: z.array(faultRuleSchema).min(1) }).transform(({ rules }) => rules),
]);
const visibilityBody = z.union([
  z.strictObject({ preset: visibilityChoiceSchema }).transform(({ preset }) => preset),
  visibilityChoiceSchema,
]);
const requestsQuery = z.object({
  limit: z.coerce.number().int().positive().lte(2_000).default(100),
});

/** What no Langfuse has: counts, faults, visibility, merging, the job of `dual` and reset, for tests and benchmarks. */
export const admin: Plugin = (context) => [
  { path: '/dev/stats', methods: { GET: () => stats(context) } },
  {
    path: '/dev/faults',
    methods: {
      GET: () => ok({ faults: context.faults.current() }),
      POST: ({ body }) => {
        context.faults.add(parse(faultsSchema, body));
        return ok({ faults: context.faults.current() });
      },
      DELETE: () => {
        context.faults.clear();
        return ok({ faults: [] });
      },
    },
  },
  {
    path: '/dev/visibility',
    methods: {
      GET: () => ok(context.visibility.current()),
      POST: ({ body }) => {
        context.visibility.set(parse(visibilityBody, body));
        return ok(context.visibility.current());
      },
    },
  },
  { path: '/dev/merge', methods: { POST: () => merge(context) } },
  {
    path: '/dev/propagate',
    methods: { POST: async () => ok({ propagated: await propagate(context) }) },
  },
  { path: '/dev/reset', methods: { POST: () => reset(context) } },
  {
    path: '/dev/requests',
    methods: {
      GET: ({ query }) => {
        const { limit } = parse(requestsQuery, queryObject(query));
        return ok({ requests: context.log.last(limit) });
      },
    },
  },
];

async function stats({ database, project, log }: DevServerContext): Promise<Reply> {
  const counts = await Promise.all(
    tables.map(async (table) => {
      const [row] = await database.rows<{ rows: number }>(
        `select count(*)::int as rows from ${table} where project_id = $1`,
        [project.id],
      );
      return [table, row?.rows ?? 0] as const;
    }),
  );
  const [spans] = await database.rows<{ pending: number; duplicates: number; traces: number }>(
    `select count(*) filter (where visible_at > clock_timestamp())::int as pending,
       (count(*) - count(distinct (trace_id, id)))::int as duplicates,
       count(distinct trace_id)::int as traces
     from observations where project_id = $1`,
    [project.id],
  );
  const [scores] = await database.rows<{ pending: number; current: number }>(
    `select count(*) filter (where visible_at > clock_timestamp())::int as pending,
       count(distinct id) filter (where superseded_at = 'infinity')::int as current
     from scores where project_id = $1`,
    [project.id],
  );
  return ok({ rows: Object.fromEntries(counts), spans, scores, requests: log.counts() });
}

/** What the engine of the real server does some day: rows of one span with equal start time become one, the last. */
async function merge({ database, project }: DevServerContext): Promise<Reply> {
  const merged = await database.rows(
    `delete from observations o using (
       select trace_id, id, start_time, max(seq) as last from observations
       where project_id = $1 group by trace_id, id, start_time having count(*) > 1) twice
     where o.project_id = $1 and o.trace_id = twice.trace_id and o.id = twice.id
       and o.start_time = twice.start_time and o.seq < twice.last
     returning o.seq`,
    [project.id],
  );
  return ok({ merged: merged.length });
}

async function reset({ database, project, log, faults }: DevServerContext): Promise<Reply> {
  await database.transaction(async (queries) => {
    for (const table of tables)
      await queries.rows(`delete from ${table} where project_id = $1`, [project.id]);
  });
  log.clear();
  faults.clear();
  return ok({ reset: true });
}
