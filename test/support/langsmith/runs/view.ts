import { naiveIso } from '../clock.js';
import { feedbackByRun, feedbackStats } from '../feedback/stats.js';
import type { ObjectMap } from '../http/validate.js';
import type { Workspace } from '../workspace.js';
import type { Run } from './run.js';

/** Runs as the API shows them, all fields. */
export function runViews(workspace: Workspace, runs: readonly Run[]): readonly ObjectMap[] {
  const feedback = feedbackByRun(workspace);
  return runs.map((run) => ({
    ...runView(workspace, run),
    feedback_stats: feedbackStats(feedback.get(run.id) ?? []),
  }));
}

function runView(workspace: Workspace, run: Run): ObjectMap {
  const ancestors = run.dottedOrder.split('.').map((part) => part.slice(part.indexOf('Z') + 1));
  const tokens = tokensOf(run);
  const example = run.referenceExampleId;
  return {
    id: run.id,
    name: run.name,
    run_type: run.runType,
    start_time: naiveIso(run.startTime),
    end_time: run.endTime === null ? null : naiveIso(run.endTime),
    status: run.error !== null ? 'error' : run.endTime === null ? 'pending' : 'success',
    error: run.error,
    extra: run.extra,
    events: run.events,
    inputs: run.inputs,
    outputs: run.outputs,
    serialized: run.serialized,
    tags: run.tags,
    session_id: run.sessionId,
    trace_id: run.traceId,
    dotted_order: run.dottedOrder,
    parent_run_id: run.parentRunId,
    parent_run_ids: ancestors.slice(0, -1),
    child_run_ids: null,
    reference_example_id: example,
    reference_dataset_id: workspace.sessions.get(run.sessionId)?.referenceDatasetId ?? null,
    in_dataset: false,
    total_tokens: tokens.prompt + tokens.completion,
    prompt_tokens: tokens.prompt,
    completion_tokens: tokens.completion,
    total_cost: null,
    prompt_cost: null,
    completion_cost: null,
    first_token_time: null,
    app_path: `/o/${workspace.id}/projects/p/${run.sessionId}/r/${run.id}?trace_id=${run.traceId}`,
    share_token: null,
    trace_tier: 'longlived',
  };
}

/** From `usage_metadata`, in the outputs or in the run's metadata. */
export function tokensOf(run: Run): { readonly prompt: number; readonly completion: number } {
  const metadata = run.extra['metadata'] as ObjectMap | undefined;
  const usage = (run.outputs?.['usage_metadata'] ?? metadata?.['usage_metadata']) as
    ObjectMap | undefined;
  const count = (value: unknown) => (typeof value === 'number' ? value : 0);
  return { prompt: count(usage?.['input_tokens']), completion: count(usage?.['output_tokens']) };
}
