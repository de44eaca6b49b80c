import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import type { Context, Plugin } from '../context.js';
import { datasetById } from '../datasets/find.js';
import { conflict } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { accepted, ok } from '../http/exchange.js';
import { listReply } from '../http/page.js';
import {
  flag,
  jsonObjectText,
  moment,
  objectMap,
  pageQuery,
  parseBody,
  parseQuery,
  uuid,
  uuidParam,
} from '../http/validate.js';
import { contains } from '../matching.js';
import type { Session } from '../sessions/session.js';
import { sessionById, sessionNamed, sessionView } from '../sessions/session.js';
import { statsView } from '../sessions/stats.js';
import type { Workspace } from '../workspace.js';

const createSchema = z.object({
  name: z.string().min(1),
  id: uuid.nullish(),
  description: z.string().nullish(),
  start_time: moment,
  end_time: moment,
  extra: objectMap.nullish(),
  reference_dataset_id: uuid.nullish(),
  default_dataset_id: uuid.nullish(),
  trace_tier: z.enum(['longlived', 'shortlived']).nullish(),
});

const updateSchema = createSchema
  .pick({
    description: true,
    end_time: true,
    extra: true,
    default_dataset_id: true,
    trace_tier: true,
  })
  .extend({ name: z.string().min(1).nullish() });

const listSchema = pageQuery.extend({
  id: z.array(uuid).optional(),
  name: z.string().optional(),
  name_contains: z.string().optional(),
  reference_dataset: z.array(uuid).optional(),
  reference_free: flag.optional(),
  metadata: jsonObjectText.optional(),
  include_stats: flag.default(false),
});

export const sessions: Plugin = (context) => [
  { path: '/sessions', methods: { POST: (call) => create(context, call), GET: list } },
  {
    path: '/sessions/{session}',
    methods: {
      GET: ({ workspace, params, query }) => {
        const { include_stats: stats } = parseQuery(
          z.object({ include_stats: flag.default(false) }),
          query,
        );
        const session = sessionById(workspace, uuidParam(params, 'session'));
        return ok({ ...sessionView(workspace, session), ...statsView(workspace, session, stats) });
      },
      PATCH: update,
      DELETE: remove,
    },
  },
];

function create({ clock }: Context, { workspace, query, json }: Call): Reply {
  const { upsert } = parseQuery(z.object({ upsert: flag.default(false) }), query);
  const input = parseBody(createSchema, json());
  const datasetId = input.reference_dataset_id ?? null;
  if (datasetId !== null) datasetById(workspace, datasetId);
  const known = sessionNamed(workspace, input.name);
  if (known !== undefined && upsert) {
    known.extra = input.extra ?? known.extra;
    known.description = input.description ?? known.description;
    return ok(sessionView(workspace, known));
  }
  const id = input.id ?? randomUUID();
  if (known !== undefined || workspace.sessions.has(id)) throw conflict('Session already exists.');
  const siblings = [...workspace.sessions.values()].filter(
    (session) => datasetId !== null && session.referenceDatasetId === datasetId,
  );
  const session: Session = {
    id,
    name: input.name,
    description: input.description ?? null,
    startTime: input.start_time ?? clock.now(),
    endTime: input.end_time ?? null,
    extra: input.extra ?? null,
    referenceDatasetId: datasetId,
    defaultDatasetId: input.default_dataset_id ?? null,
    traceTier: input.trace_tier ?? null,
    testRunNumber: datasetId === null ? null : siblings.length + 1,
  };
  workspace.sessions.set(id, session);
  return ok(sessionView(workspace, session));
}

function list({ workspace, query }: Call): Reply {
  const filter = parseQuery(listSchema, query, ['id', 'reference_dataset']);
  const found = [...workspace.sessions.values()].filter(
    (session) =>
      (filter.id === undefined || filter.id.includes(session.id)) &&
      (filter.name === undefined || session.name === filter.name) &&
      (filter.name_contains === undefined ||
        session.name.toLowerCase().includes(filter.name_contains.toLowerCase())) &&
      (filter.reference_dataset === undefined ||
        filter.reference_dataset.includes(session.referenceDatasetId ?? '')) &&
      (filter.reference_free !== true || session.referenceDatasetId === null) &&
      (filter.metadata === undefined || contains(session.extra?.['metadata'], filter.metadata)),
  );
  return listReply(
    found.sort((a, b) => b.startTime - a.startTime),
    filter,
    (session) => ({
      ...sessionView(workspace, session),
      ...statsView(workspace, session, filter.include_stats),
    }),
  );
}

/** A field that is null stays as it is: the client sends null for all that it does not change. */
function update({ workspace, params, json }: Call): Reply {
  const session = sessionById(workspace, uuidParam(params, 'session'));
  const change = parseBody(updateSchema, json());
  const name = change.name ?? session.name;
  if (name !== session.name && sessionNamed(workspace, name) !== undefined)
    throw conflict('Session already exists.');
  session.name = name;
  session.description = change.description ?? session.description;
  session.endTime = change.end_time ?? session.endTime;
  session.extra = change.extra ?? session.extra;
  session.defaultDatasetId = change.default_dataset_id ?? session.defaultDatasetId;
  session.traceTier = change.trace_tier ?? session.traceTier;
  return ok(sessionView(workspace, session));
}

/** Its runs and their feedback go with it. */
function remove({ workspace, params }: Call): Reply {
  const { id } = sessionById(workspace, uuidParam(params, 'session'));
  dropRows(workspace, id);
  workspace.sessions.delete(id);
  return accepted('Session deleted');
}

function dropRows({ runs, feedback }: Workspace, sessionId: string): void {
  for (const run of runs.values()) if (run.sessionId === sessionId) runs.delete(run.id);
  for (const row of feedback.values()) if (row.sessionId === sessionId) feedback.delete(row.id);
}
