import { z } from 'zod';

import { naiveIso } from '../clock.js';
import type { Plugin } from '../context.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import type { ObjectMap } from '../http/validate.js';
import { given, moment, pageQuery, parseBody, uuid } from '../http/validate.js';
import { parseFilter } from '../runs/filter.js';
import type { Run } from '../runs/run.js';
import { visibleRuns } from '../runs/run.js';
import { sessionById } from '../sessions/session.js';
import { runStatsView } from '../sessions/stats.js';
import { askedRuns } from './runs-query.js';

const groupSchema = pageQuery.extend({
  session_id: uuid,
  group_by: z.literal('conversation', 'The test server groups by conversation only'),
  filter: given(z.string()),
  start_time: moment,
  end_time: moment,
});

/** Figures of many runs, and the threads that they make. */
export const runsSummary: Plugin = () => [
  {
    path: '/runs/stats',
    methods: {
      POST: (call) => ok(runStatsView(call.workspace, askedRuns(call).found)),
    },
  },
  { path: '/runs/group', methods: { POST: groups } },
];

/** Roots by the thread that their metadata names, the one that ran last first. */
function groups({ workspace, json }: Call): Reply {
  const query = parseBody(groupSchema, json());
  const session = sessionById(workspace, query.session_id);
  const test = query.filter === undefined ? undefined : parseFilter(query.filter, workspace);
  const roots = visibleRuns(workspace.runs, Date.now()).filter(
    (run) =>
      run.sessionId === session.id &&
      run.parentRunId === null &&
      (query.start_time === undefined || run.startTime >= query.start_time) &&
      (query.end_time === undefined || run.startTime <= query.end_time) &&
      (test === undefined || test(run)),
  );
  const byThread = new Map<string, Run[]>();
  for (const run of roots) {
    const thread = threadOf(run);
    if (thread === undefined) continue;
    byThread.set(thread, [...(byThread.get(thread) ?? []), run]);
  }
  const found = [...byThread]
    .map(([thread, runs]) => ({ thread, runs: runs.sort((a, b) => a.startTime - b.startTime) }))
    .sort((a, b) => lastStart(b.runs) - lastStart(a.runs));
  const page = found.slice(query.offset, query.offset + query.limit);
  return ok({ groups: page.map(groupView), total: found.length });
}

const lastStart = (runs: readonly Run[]): number => runs.at(-1)?.startTime ?? 0;

/** The first of the names under which the service finds the thread of a run. */
function threadOf(run: Run): string | undefined {
  const metadata = (run.extra['metadata'] as ObjectMap | undefined) ?? {};
  const named = ['session_id', 'thread_id', 'conversation_id'].map((key) => metadata[key]);
  return named.find((value) => typeof value === 'string');
}

function groupView({ thread, runs }: { thread: string; runs: readonly Run[] }): ObjectMap {
  const [first, last] = [runs[0], runs.at(-1)];
  return {
    group_key: thread,
    count: runs.length,
    min_start_time: first === undefined ? null : naiveIso(first.startTime),
    max_start_time: last === undefined ? null : naiveIso(last.startTime),
    first_inputs: JSON.stringify(first?.inputs ?? {}),
    last_outputs: JSON.stringify(last?.outputs ?? {}),
  };
}
