import { z } from 'zod';

import { microsOf } from '../clock.js';
import type { Plugin } from '../context.js';
import { refusal, unprocessable } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import type { ObjectMap } from '../http/validate.js';
import { parseBody, uuid } from '../http/validate.js';
import { parseFilter } from '../runs/filter.js';
import type { Run } from '../runs/run.js';
import { visibleRuns } from '../runs/run.js';
import { runView } from '../runs/view.js';
import type { Workspace } from '../workspace.js';

const idOrIds = z.union([uuid.transform((id) => [id]), z.array(uuid)]).nullish();
const moment = z
  .string()
  .refine((value) => microsOf(value) !== undefined, 'Input should be a valid datetime')
  .transform((value) => microsOf(value) ?? 0)
  .nullish();

const querySchema = z.object({
  id: idOrIds,
  session: idOrIds,
  trace: uuid.nullish(),
  parent_run: uuid.nullish(),
  run_type: z.string().nullish(),
  reference_example: idOrIds,
  execution_order: z.number().nullish(),
  is_root: z.boolean().nullish(),
  error: z.boolean().nullish(),
  start_time: moment,
  end_time: moment,
  filter: z.string().nullish(),
  trace_filter: z.string().nullish(),
  tree_filter: z.string().nullish(),
  query: z.null().optional(),
  search_filter: z.null().optional(),
  order: z.enum(['asc', 'desc']).nullish(),
  limit: z.number().int().min(1).max(100).nullish(),
  cursor: z.string().nullish(),
  select: z.array(z.string()).nullish(),
});
type Query = z.output<typeof querySchema>;

/** Reading runs, in pages by a cursor. Rows that are not visible yet are not there. */
export const runsQuery: Plugin = () => [{ path: '/runs/query', methods: { POST: answer } }];

function answer({ workspace, json }: Call): Reply {
  const query = parseBody(querySchema, json());
  if (
    [query.session, query.id, query.parent_run, query.trace, query.reference_example].every(absent)
  )
    throw unprocessable(
      "At least one of 'session', 'id', 'parent_run', 'trace' or 'reference_example' must be specified",
    );
  const found = select(workspace, query).sort((a, b) => order(a, b));
  if (query.order !== 'asc') found.reverse();
  const from = query.cursor == null ? 0 : placeAfter(found, query);
  const page = found.slice(from, from + (query.limit ?? 100));
  const last = page.at(-1);
  const more = from + page.length < found.length;
  return ok({
    runs: page.map((run) => picked(runView(workspace, run), query.select)),
    cursors: { prev: null, next: more && last !== undefined ? cursorOf(last) : null },
    search_cursors: null,
    parsed_query: null,
  });
}

const absent = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0);

function select(workspace: Workspace, query: Query): Run[] {
  const test = query.filter == null ? undefined : parseFilter(query.filter, workspace);
  const all = visibleRuns(workspace.runs, Date.now());
  const traces = tracesFor(workspace, query, all);
  return all.filter(
    (run) =>
      within(query.session, run.sessionId) &&
      within(query.id, run.id) &&
      within(query.reference_example, run.referenceExampleId) &&
      (query.trace == null || run.traceId === query.trace) &&
      (query.parent_run == null || run.parentRunId === query.parent_run) &&
      (query.run_type == null || run.runType === query.run_type) &&
      (query.execution_order !== 1 || run.parentRunId === null) &&
      (query.is_root == null || (run.parentRunId === null) === query.is_root) &&
      (query.error == null || (run.error !== null) === query.error) &&
      (query.start_time == null || run.startTime >= query.start_time) &&
      (query.end_time == null || run.startTime <= query.end_time) &&
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
  if (query.trace_filter == null && query.tree_filter == null) return undefined;
  const passing = (filter: string | null | undefined, runs: readonly Run[]) => {
    if (filter == null) return new Set(all.map(({ traceId }) => traceId));
    return new Set(runs.filter(parseFilter(filter, workspace)).map(({ traceId }) => traceId));
  };
  const roots = passing(
    query.trace_filter,
    all.filter(({ parentRunId }) => parentRunId === null),
  );
  const trees = passing(query.tree_filter, all);
  return new Set([...roots].filter((trace) => trees.has(trace)));
}

const within = (wanted: readonly string[] | null | undefined, value: string | null): boolean =>
  wanted == null || wanted.length === 0 || (value !== null && wanted.includes(value));

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

function picked(view: ObjectMap, wanted: readonly string[] | null | undefined): ObjectMap {
  if (wanted == null) return view;
  return Object.fromEntries(
    Object.entries(view).filter(([key]) => key === 'id' || wanted.includes(key)),
  );
}
