import { naiveIso } from '../clock.js';
import { feedbackStats } from '../feedback/stats.js';
import type { ObjectMap } from '../http/validate.js';
import type { Run } from '../runs/run.js';
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
  const runs = [...workspace.runs.values()].filter(
    (run) => run.sessionId === session.id && run.visibleAt <= now,
  );
  const roots = runs.filter((run) => run.parentRunId === null);
  const feedback = [...workspace.feedback.values()].filter(
    (row) => row.sessionId === session.id && row.visibleAt <= now,
  );
  const tokens = runs.filter(({ runType }) => runType === 'llm').map(tokensOf);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const prompt = sum(tokens.map((entry) => entry.prompt));
  const completion = sum(tokens.map((entry) => entry.completion));
  const latencies = roots.flatMap(latencyOf).sort((a, b) => a - b);
  const last = Math.max(0, ...runs.map(({ startTime }) => startTime));
  return {
    ...nothing,
    run_count: roots.length,
    latency_p50: quantile(latencies, 0.5),
    latency_p99: quantile(latencies, 0.99),
    total_tokens: prompt + completion,
    prompt_tokens: prompt,
    completion_tokens: completion,
    last_run_start_time: last === 0 ? null : naiveIso(last),
    feedback_stats: feedbackStats(feedback.filter(({ runId }) => runId !== null)),
    session_feedback_stats: feedbackStats(feedback.filter(({ runId }) => runId === null)),
    error_rate:
      roots.length === 0 ? null : roots.filter(({ error }) => error !== null).length / roots.length,
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
