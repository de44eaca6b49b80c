import { z } from 'zod';

import type { Plugin } from '../context.js';
import { refusal, unprocessable } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import type { ObjectMap } from '../http/validate.js';
import { given, moment, parseBody, uuid } from '../http/validate.js';
import { parseFilter } from '../runs/filter.js';
import type { Run } from '../runs/run.js';
import { visibleRuns } from '../runs/run.js';
import { runViews } from '../runs/view.js';
import type { Workspace } from '../workspace.js';

const idOrIds = given(z.union([uuid.transform((id) => [id]), z.array(uuid)]));
const querySchema = z.object({
  id: idOrIds,
  session: idOrIds,
  trace: given(uuid),
  parent_run: given(uuid),
  run_type: given(z.string()),
  reference_example: idOrIds,
  execution_order: given(z.number()),
  is_root: given(z.boolean()),
  error: given(z.boolean()),
  start_time: moment,
  end_time: moment,
  filter: given(z.string()),
  trace_filter: given(z.string()),
  tree_filter: given(z.string()),
  query: z.null().optional(),
  search_filter: z.null().optional(),
  order: given(z.enum(['asc', 'desc'])),
  limit: given(z.number().int().min(1).max(100)),
  cursor: given(z.string()),
  select: given(z.array(z.string())),
});
type Query = z.output<typeof querySchema>;

/** Reading runs, in pages by a cursor. Rows that are not visible yet are not there. */
export const runsQuery: Plugin = () => [{ path: '/runs/query', methods: { POST: answer } }];

/** The visible runs that a body of `runs/query` or `runs/stats` asks for, in no order. */
export function askedRuns({ workspace, json }: Call): {
  readonly query: Query;
  readonly found: Run[];
} {
  const query = parseBody(querySchema, json());
  if (
    [query.session, query.id, query.parent_run, query.trace, query.reference_example].every(absent)
  )
    throw unprocessable(
      "At least one of 'session', 'id', 'parent_run', 'trace' or 'reference_example' must be specified",
    );
  return { query, found: select(workspace, query) };
}

function answer(call: Call): Reply {
  const { workspace } = call;
  const { query, found } = askedRuns(call);
  found.sort((a, b) => order(a, b));
  if (query.order !== 'asc') found.reverse();
  const from = query.cursor === undefined ? 0 : placeAfter(found, query);
  const page = found.slice(from, from + (query.limit ?? 100));
  const last = page.at(-1);
  const more = from + page.length < found.length;
  return ok({
    runs: runViews(workspace, page).map((view) => picked(view, query.select)),
    cursors: { prev: null, next: more && last !== undefined ? cursorOf(last) : null },
    search_cursors: null,
    parsed_query: null,
  });
}

const absent = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0);

function select(workspace: Workspace, query: Query): Run[] {
  const test = query.filter === undefined ? undefined : parseFilter(query.filter, workspace);
  const all = visibleRuns(workspace.runs, Date.now());
  const traces = tracesFor(workspace, query, all);
  return all.filter(
    (run) =>
      within(query.session, run.sessionId) &&
      within(query.id, run.id) &&
      within(query.reference_example, run.referenceExampleId) &&
      (query.trace === undefined || run.traceId === query.trace) &&
      (query.parent_run === undefined || run.parentRunId === query.parent_run) &&
      (query.run_type === undefined || run.runType === query.run_type) &&
      (query.execution_order !== 1 || run.parentRunId === null) &&
      (query.is_root === undefined || (run.parentRunId === null) === query.is_root) &&
      (query.error === undefined || (run.error !== null) === query.error) &&
      (query.start_time === undefined || run.startTime >= query.start_time) &&
      (query.end_time === undefined || run.startTime <= query.end_time) &&
      (test === undefined || test(run)) &&
      (traces === undefined || traces.has(run.traceId)),
  );
}

/** The traces whose root (`trace_filter`) or any run (`tree_filter`) passes; undefined where neither is asked for. */
function tracesFor(
  workspace: Workspace,
  query: Query,
  all: readonly Run[],
): ReadonlySet<string> | undefined {
  if (query.trace_filter === undefined && query.tree_filter === undefined) return undefined;
  const passing = (filter: string | undefined, runs: readonly Run[]) => {
    if (filter === undefined) return new Set(all.map(({ traceId }) => traceId));
    return new Set(runs.filter(parseFilter(filter, workspace)).map(({ traceId }) => traceId));
  };
  const roots = passing(
    query.trace_filter,
    all.filter(({ parentRunId }) => parentRunId === null),
  );
  const trees = passing(query.tree_filter, all);
  return new Set([...roots].filter((trace) => trees.has(trace)));
}

const within = (wanted: readonly string[] | undefined, value: string | null): boolean =>
  wanted === undefined || wanted.length === 0 || (value !== null && wanted.includes(value));

const order = (a: Run, b: Run): number => a.startTime - b.startTime || a.id.localeCompare(b.id);

const cursorOf = ({ startTime, id }: Run): string =>
  Buffer.from(JSON.stringify([startTime, id])).toString('base64url');

/** Behind the run that the cursor names, even where it or others came or went in between. */
function placeAfter(found: readonly Run[], query: Query): number {
  const [startTime, id] = cursorParts(query.cursor ?? '');
  const direction = query.order === 'asc' ? 1 : -1;
  const at = found.findIndex(
    (run) => (run.startTime - startTime || run.id.localeCompare(id)) * direction > 0,
  );
  return at === -1 ? found.length : at;
}

function cursorParts(cursor: string): readonly [number, string] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return z.tuple([z.number(), z.string()]).parse(parsed);
  } catch {
    throw refusal(400, 'Invalid cursor');
  }
}

function picked(view: ObjectMap, wanted: readonly string[] | undefined): ObjectMap {
  if (wanted === undefined) return view;
  return Object.fromEntries(
    Object.entries(view).filter(([key]) => key === 'id' || wanted.includes(key)),
  );
}
