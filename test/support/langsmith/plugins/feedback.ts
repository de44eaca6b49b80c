import { z } from 'zod';

import type { Context, Plugin } from '../context.js';
import { createFeedback, scoreSchema, valueSchema } from '../feedback/create.js';
import type { Feedback } from '../feedback/feedback.js';
import { feedbackView } from '../feedback/feedback.js';
import { notFound } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { listReply } from '../http/page.js';
import {
  flag,
  objectMap,
  pageQuery,
  parseBody,
  parseQuery,
  uuid,
  uuidParam,
} from '../http/validate.js';

const listSchema = pageQuery.extend({
  run: z.array(uuid).optional(),
  session: z.array(uuid).optional(),
  key: z.array(z.string()).optional(),
  source: z.array(z.string()).optional(),
  has_score: flag.optional(),
  has_comment: flag.optional(),
  level: z.enum(['run', 'session']).optional(),
});

const updateSchema = z.object({
  score: scoreSchema,
  value: valueSchema,
  comment: z.string().nullish(),
  correction: z.union([objectMap, z.string()]).nullish(),
});

export const feedback: Plugin = (context) => [
  {
    path: '/feedback',
    methods: {
      POST: ({ workspace, json }) =>
        ok(feedbackView(createFeedback(context, workspace, { body: json(), inBatch: false }))),
      GET: list,
    },
  },
  {
    path: '/feedback/{feedback}',
    methods: {
      GET: (call) => {
        const row = rowOf(call);
        if (row.visibleAt > Date.now()) throw notFound('Feedback not found');
        return ok(feedbackView(row));
      },
      PATCH: (call) => update(context, call),
      DELETE: (call) => {
        call.workspace.feedback.delete(rowOf(call).id);
        return ok({ message: 'Feedback deleted' });
      },
    },
  },
];

function rowOf({ workspace, params }: Call): Feedback {
  const row = workspace.feedback.get(uuidParam(params, 'feedback'));
  if (row === undefined) throw notFound('Feedback not found');
  return row;
}

function list({ workspace, query }: Call): Reply {
  const filter = parseQuery(listSchema, query, ['run', 'session', 'key', 'source']);
  const now = Date.now();
  const runs = filter.run && new Set(filter.run);
  const found = [...workspace.feedback.values()].filter(
    (row) =>
      row.visibleAt <= now &&
      (runs === undefined || (row.runId !== null && runs.has(row.runId))) &&
      within(filter.session, row.sessionId) &&
      within(filter.key, row.key) &&
      within(filter.source, row.source?.['type']) &&
      (filter.has_score === undefined || (row.score !== null) === filter.has_score) &&
      (filter.has_comment === undefined || (row.comment !== null) === filter.has_comment) &&
      (filter.level === undefined || (row.runId === null) === (filter.level === 'session')),
  );
  return listReply(
    found.sort((a, b) => b.createdAt - a.createdAt || a.id.localeCompare(b.id)),
    filter,
    feedbackView,
  );
}

const within = (wanted: readonly string[] | undefined, value: unknown): boolean =>
  wanted === undefined || (typeof value === 'string' && wanted.includes(value));

/** Only what is given changes; null clears. */
function update({ clock }: Context, call: Call): Reply {
  const row = rowOf(call);
  const change = parseBody(updateSchema, call.json());
  const kept = <Value>(given: Value | undefined, before: Value) =>
    given === undefined ? before : given;
  const after: Feedback = {
    ...row,
    score: kept(change.score, row.score),
    value: kept<unknown>(change.value, row.value),
    comment: kept(change.comment, row.comment),
    correction: kept<unknown>(change.correction, row.correction),
    modifiedAt: clock.now(),
  };
  call.workspace.feedback.set(row.id, after);
  return ok(feedbackView(after));
}
