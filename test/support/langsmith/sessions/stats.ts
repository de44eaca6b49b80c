import { naiveIso } from '../clock.js';
import { feedbackByRun, feedbackStats } from '../feedback/stats.js';
import type { ObjectMap } from '../http/validate.js';
import type { Run } from '../runs/run.js';
import { visibleRuns } from '../runs/run.js';
import { tokensOf } from '../runs/view.js';
import type { Workspace } from '../workspace.js';
import type { Session } from './session.js';

const nothing = {
  run_count: null,
  latency_p50: null,
  latency_p99: null,
  first_token_p50: null,
  first_token_p99: null,
  total_tokens: null,
  prompt_tokens: null,
  completion_tokens: null,
  total_cost: null,
  prompt_cost: null,
  completion_cost: null,
  last_run_start_time: null,
  last_run_start_time_live: null,
  feedback_stats: null,
  session_feedback_stats: null,
  error_rate: null,
  streaming_rate: null,
  run_facets: [],
};

/** The fields computed of a project's runs that can be read now; all null where nobody asked for them. */
export function statsView(workspace: Workspace, session: Session, wanted: boolean): ObjectMap {
  if (!wanted) return nothing;
  const now = Date.now();
  const runs = visibleRuns(workspace.runs, now).filter((run) => run.sessionId === session.id);
  const feedback = [...workspace.feedback.values()].filter(
    (row) => row.sessionId === session.id && row.visibleAt <= now,
  );
  return {
    ...nothing,
    ...sumsOf(runs, { counted: runs.filter((run) => run.parentRunId === null) }),
    feedback_stats: feedbackStats(feedback.filter(({ runId }) => runId !== null)),
    session_feedback_stats: feedbackStats(feedback.filter(({ runId }) => runId === null)),
  };
}

/** The figures of runs as `runs/stats` shows them: each of them counts. */
export function runStatsView(workspace: Workspace, runs: readonly Run[]): ObjectMap {
  const byRun = feedbackByRun(workspace);
  const { session_feedback_stats: _session, ...none } = nothing;
  return {
    ...none,
    ...sumsOf(runs, { counted: runs }),
    feedback_stats: feedbackStats(runs.flatMap(({ id }) => byRun.get(id) ?? [])),
  };
}

/** `counted` are those whose number, latency and errors are shown. */
function sumsOf(
  runs: readonly Run[],
  { counted }: { readonly counted: readonly Run[] },
): ObjectMap {
  const tokens = runs.filter(({ runType }) => runType === 'llm').map(tokensOf);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const prompt = sum(tokens.map((entry) => entry.prompt));
  const completion = sum(tokens.map((entry) => entry.completion));
  const latencies = counted.flatMap(latencyOf).sort((a, b) => a - b);
  const last = Math.max(0, ...runs.map(({ startTime }) => startTime));
  const failed = counted.filter(({ error }) => error !== null).length;
  return {
    run_count: counted.length,
    latency_p50: quantile(latencies, 0.5),
    latency_p99: quantile(latencies, 0.99),
    total_tokens: prompt + completion,
    prompt_tokens: prompt,
    completion_tokens: completion,
    last_run_start_time: last === 0 ? null : naiveIso(last),
    error_rate: counted.length === 0 ? null : failed / counted.length,
  };
}

/** Seconds of a finished run. */
const latencyOf = ({ startTime, endTime }: Run): readonly number[] =>
  endTime === null ? [] : [(endTime - startTime) / 1e6];

/** Linear interpolation between the two closest values. */
function quantile(sorted: readonly number[], share: number): number | null {
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)];
  const high = sorted[Math.ceil(place)];
  if (low === undefined || high === undefined) return null;
  return low + (high - low) * (place - Math.floor(place));
}
