import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import { microsOf } from '../clock.js';
import type { Context } from '../context.js';
import { conflict, notFound, unprocessable } from '../http/errors.js';
import { given, objectMap, parseBody, uuid } from '../http/validate.js';
import { sessionById } from '../sessions/session.js';
import type { Workspace } from '../workspace.js';
import { configFor } from './config.js';
import type { Feedback } from './feedback.js';

/** The service stores a decimal of nine digits, four of them behind the point, and refuses what does not fit. */
export const scoreSchema = z
  .union([z.number(), z.boolean()])
  .nullish()
  .refine(
    (score) => typeof score !== 'number' || Math.abs(score * 1e4 - Math.round(score * 1e4)) < 1e-6,
    'Decimal input should have no more than 4 decimal places',
  )
  .refine(
    (score) => typeof score !== 'number' || Math.abs(score) < 1e5,
    'Decimal input should have no more than 9 digits in total',
  );

export const valueSchema = z.union([z.number(), z.boolean(), z.string(), objectMap]).nullish();

const createSchema = z.object({
  id: given(uuid),
  key: z.string().min(1).max(180),
  run_id: given(uuid),
  trace_id: given(uuid),
  session_id: given(uuid),
  score: scoreSchema,
  value: valueSchema,
  comment: given(z.string()),
  correction: given(z.union([objectMap, z.string()])),
  feedback_source: given(objectMap),
  feedback_config: given(objectMap),
  comparative_experiment_id: given(uuid),
  created_at: given(z.string()),
});

/** Throws the refusal of a body that is no feedback, before anything of its batch is kept. */
export const checkFeedback = (body: unknown): void => void parseBody(createSchema, body);

/**
 * Stores one feedback. Without `session_id` its run must be known (404 else: the client tries again, as the run may still be on
 * its way), unless it came in a batch, which is not looked into before it is accepted. A repeated id replaces or is refused, as
 * the options say.
 */
export function createFeedback(
  context: Context,
  workspace: Workspace,
  { body, inBatch }: { readonly body: unknown; readonly inBatch: boolean },
): Feedback {
  const input = parseBody(createSchema, body);
  const run = input.run_id === undefined ? undefined : workspace.runs.get(input.run_id);
  if (input.run_id === undefined && input.session_id === undefined)
    throw unprocessable('One of run_id and session_id must be given');
  if (input.session_id !== undefined) sessionById(workspace, input.session_id);
  else if (run === undefined && !inBatch) throw notFound('Run not found');
  const id = input.id ?? randomUUID();
  const before = workspace.feedback.get(id);
  if (before !== undefined && context.settings.repeatedFeedback === 'refuse')
    throw conflict('Feedback already exists');
  const now = context.clock.now();
  const row: Feedback = {
    id,
    key: input.key,
    runId: input.run_id ?? null,
    traceId: input.trace_id ?? run?.traceId ?? null,
    sessionId: input.session_id ?? run?.sessionId ?? null,
    score: input.score ?? null,
    value: input.value ?? null,
    comment: input.comment ?? null,
    correction: input.correction ?? null,
    source: input.feedback_source ?? { type: 'api', metadata: {} },
    comparativeExperimentId: input.comparative_experiment_id ?? null,
    createdAt: microsOf(input.created_at) ?? before?.createdAt ?? now,
    modifiedAt: now,
    creations: (before?.creations ?? 0) + 1,
    visibleAt: Date.now() + context.delays.current.feedbackMs,
  };
  workspace.feedback.set(id, row);
  configFor(context, workspace, { key: input.key, config: input.feedback_config });
  return row;
}
