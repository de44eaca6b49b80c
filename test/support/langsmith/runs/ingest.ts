import { randomUUID } from 'node:crypto';

import { naiveIso } from '../clock.js';
import type { Context } from '../context.js';
import { conflict, unprocessable } from '../http/errors.js';
import type { ObjectMap } from '../http/validate.js';
import { parseBody } from '../http/validate.js';
import type { Session } from '../sessions/session.js';
import { sessionById, sessionNamed } from '../sessions/session.js';
import type { Workspace } from '../workspace.js';
import type { PatchBody, PostBody } from './body.js';
import { patchSchema, postSchema } from './body.js';
import { checkDottedOrder, rootOrder } from './dotted-order.js';
import type { Run } from './run.js';

export interface RunBatch {
  readonly post: readonly unknown[];
  readonly patch: readonly unknown[];
  /** Batches must say where each run stands in its trace; a single root may leave it out. */
  readonly needsOrder: boolean;
}

/**
 * Takes runs and updates; one that is malformed refuses all. A run that was posted before, or an update of one that had ended
 * before, changes nothing; where that is so of all of them, the answer is the real service's 409.
 */
export function ingest(context: Context, workspace: Workspace, batch: RunBatch): void {
  const posts = batch.post.map((body) => parseBody(postSchema, body));
  const patches = batch.patch.map((body) => parseBody(patchSchema, body));
  const fresh = posts.map((body) => newRun(context, workspace, { body, ...batch }));
  for (const body of patches) checkPatch(workspace, posts, body);
  const { partlyRepeated } = context.settings;
  const anyKnown =
    fresh.some((run) => workspace.runs.has(run.id)) ||
    patches.some((body) => hasEnded(workspace, body.id));
  if (anyKnown && partlyRepeated === 'refuse') throw alreadyReceived();
  const taken = [
    ...fresh.map((run) => addRun(context, workspace, run)),
    ...patches.map((body) => updateRun(context, workspace, body)),
  ];
  const noneNew = taken.length > 0 && !taken.includes(true);
  if (noneNew || (anyKnown && partlyRepeated === 'take-and-409')) throw alreadyReceived();
}

const alreadyReceived = () =>
  conflict('Conflict: payload already received: payloads already received', 'ingest');

/** Whether an update that ends the run was taken already, be it before the run itself came. */
function hasEnded({ runs, earlyPatches }: Workspace, id: string): boolean {
  const run = runs.get(id);
  if (run !== undefined) return run.closed;
  return (earlyPatches.get(id) ?? []).some(({ end_time: end }) => end !== undefined);
}

/** False where the run was posted before. Updates that came before it are joined to it now. */
function addRun(context: Context, workspace: Workspace, run: Run): boolean {
  if (workspace.runs.has(run.id)) return false;
  const early = workspace.earlyPatches.get(run.id) ?? [];
  workspace.earlyPatches.delete(run.id);
  workspace.runs.set(
    run.id,
    early.reduce((before, body) => merged(context, before, body), run),
  );
  return true;
}

/** False where the run had ended before. One that is unknown is kept until its run comes, as on the real service. */
function updateRun(context: Context, workspace: Workspace, body: PatchBody): boolean {
  if (hasEnded(workspace, body.id)) return false;
  const before = workspace.runs.get(body.id);
  if (before !== undefined) {
    workspace.runs.set(body.id, merged(context, before, body));
    return true;
  }
  const early = workspace.earlyPatches.get(body.id) ?? [];
  workspace.earlyPatches.set(body.id, [...early, body]);
  return true;
}

function newRun(
  context: Context,
  workspace: Workspace,
  { body, needsOrder }: { readonly body: PostBody; readonly needsOrder: boolean },
): Run {
  if (needsOrder && (body.trace_id === undefined || body.dotted_order === undefined))
    throw unprocessable(`trace_id and dotted_order are required for run_id:${body.id}`, 'ingest');
  const startTime = body.start_time ?? context.clock.now();
  const identity = {
    id: body.id,
    traceId: body.trace_id ?? body.id,
    dottedOrder: body.dotted_order ?? rootOrder(body.id, naiveIso(startTime)),
    parentRunId: body.parent_run_id ?? null,
  };
  checkDottedOrder(identity);
  return {
    ...identity,
    sessionId: sessionFor(context, workspace, body).id,
    startTime,
    endTime: body.end_time ?? null,
    name: body.name,
    runType: body.run_type,
    inputs: body.inputs ?? {},
    outputs: body.outputs ?? null,
    error: body.error ?? null,
    extra: body.extra ?? {},
    events: body.events ?? [],
    serialized: body.serialized ?? null,
    tags: body.tags ?? [],
    referenceExampleId: body.reference_example_id ?? null,
    posts: 1,
    patches: 0,
    closed: body.end_time !== undefined,
    visibleAt: Date.now() + context.delays.current.runsMs,
  };
}

/** The project that the body names; one that is named for the first time comes into being, `default` where none is named. */
function sessionFor({ clock }: Context, workspace: Workspace, body: PostBody): Session {
  if (body.session_id !== undefined) return sessionById(workspace, body.session_id, 'ingest');
  const name = body.session_name ?? 'default';
  const known = sessionNamed(workspace, name);
  if (known !== undefined) return known;
  const session: Session = {
    id: randomUUID(),
    name,
    description: null,
    startTime: clock.now(),
    endTime: null,
    extra: null,
    referenceDatasetId: null,
    defaultDatasetId: null,
    traceTier: null,
    testRunNumber: null,
  };
  workspace.sessions.set(session.id, session);
  return session;
}

/** An update may leave out where its run stands in its trace, but not move it. */
function checkPatch(workspace: Workspace, posts: readonly PostBody[], body: PatchBody): void {
  if (body.dotted_order === undefined || body.trace_id === undefined) return;
  const posted = posts.find(({ id }) => id === body.id);
  checkDottedOrder({
    id: body.id,
    traceId: body.trace_id,
    dottedOrder: body.dotted_order,
    parentRunId:
      body.parent_run_id ??
      posted?.parent_run_id ??
      workspace.runs.get(body.id)?.parentRunId ??
      parentIn(body.dotted_order),
  });
}

const parentIn = (dottedOrder: string): string | null =>
  dottedOrder.split('.').at(-2)?.split('Z')[1] ?? null;

function merged({ delays }: Context, before: Run, body: PatchBody): Run {
  return {
    ...before,
    endTime: body.end_time ?? before.endTime,
    startTime: body.start_time ?? before.startTime,
    name: body.name ?? before.name,
    runType: body.run_type ?? before.runType,
    inputs: body.inputs ?? before.inputs,
    outputs: body.outputs ?? before.outputs,
    error: body.error ?? before.error,
    extra: mergedExtra(before.extra, body.extra),
    events: body.events ?? before.events,
    serialized: body.serialized ?? before.serialized,
    tags: body.tags ?? before.tags,
    referenceExampleId: body.reference_example_id ?? before.referenceExampleId,
    patches: before.patches + 1,
    closed: body.end_time !== undefined,
    visibleAt: Date.now() + delays.current.runsMs,
  };
}

/** `metadata` is joined key by key, anything else replaced. */
function mergedExtra(before: ObjectMap, change: ObjectMap | undefined): ObjectMap {
  if (change === undefined) return before;
  const metadata = {
    ...(before['metadata'] as ObjectMap | undefined),
    ...(change['metadata'] as ObjectMap | undefined),
  };
  return { ...before, ...change, metadata };
}
