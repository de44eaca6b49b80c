import { z } from 'zod';

import type { Plugin } from '../context.js';
import { checkFeedback, createFeedback } from '../feedback/create.js';
import { notFound } from '../http/errors.js';
import { accepted, ok } from '../http/exchange.js';
import { objectMap, parseBody, uuid, uuidParam } from '../http/validate.js';
import { ingest } from '../runs/ingest.js';
import { runsOf } from '../runs/multipart.js';
import { runViews } from '../runs/view.js';

const batchSchema = z.object({
  post: z.array(z.unknown()).nullish(),
  patch: z.array(z.unknown()).nullish(),
});

const deletion = z.object({ session_id: uuid, trace_ids: z.array(uuid).min(1).max(1_000) });

export const runs: Plugin = (context) => [
  {
    path: '/runs',
    half: 'ingest',
    methods: {
      POST: ({ workspace, json }) => {
        ingest(context, workspace, { post: [json()], patch: [], needsOrder: false });
        return accepted('Run created');
      },
    },
  },
  {
    path: '/runs/batch',
    half: 'ingest',
    methods: {
      POST: ({ workspace, json }) => {
        const { post, patch } = parseBody(batchSchema, json());
        ingest(context, workspace, { post: post ?? [], patch: patch ?? [], needsOrder: true });
        return accepted('Runs batch ingested');
      },
    },
  },
  {
    path: '/runs/multipart',
    half: 'ingest',
    methods: {
      POST: ({ workspace, parts }) => {
        const { post, patch, feedback } = runsOf(parts());
        for (const body of feedback) checkFeedback(body);
        ingest(context, workspace, { post, patch, needsOrder: true });
        for (const body of feedback) createFeedback(context, workspace, { body, inBatch: true });
        return accepted('Runs batch ingested');
      },
    },
  },
  {
    path: '/runs/{run}',
    methods: {
      GET: ({ workspace, params }) => {
        const run = workspace.runs.get(uuidParam(params, 'run'));
        if (run === undefined || run.visibleAt > Date.now()) throw notFound('Run not found');
        return ok(runViews(workspace, [run])[0]);
      },
      PATCH: ({ workspace, params, json }) => {
        const body = { ...parseBody(objectMap, json()), id: uuidParam(params, 'run') };
        ingest(context, workspace, { post: [], patch: [body], needsOrder: false });
        return accepted('Run updated');
      },
    },
  },
  {
    path: '/runs/delete',
    methods: {
      POST: ({ workspace, json }) => {
        const { session_id: sessionId, trace_ids: traces } = parseBody(deletion, json());
        for (const run of workspace.runs.values()) {
          if (run.sessionId !== sessionId || !traces.includes(run.traceId)) continue;
          workspace.runs.delete(run.id);
          for (const row of workspace.feedback.values())
            if (row.runId === run.id) workspace.feedback.delete(row.id);
        }
        return accepted('Deletion requested');
      },
    },
  },
];
