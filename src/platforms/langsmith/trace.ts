import type { ObservationView, ScoreView, TraceView } from '../../contracts/trace-view.js';
import { AssayError } from '../../core/errors/assay-error.js';
import type { Json, JsonObject } from '../../core/json/json.js';
import { runsAnswer, sessionsAnswer, type FeedbackAnswer, type RunAnswer } from './answers.js';
import { metadataKey } from '../trace/metadata-key.js';
import { isUuid } from './ids.js';
import { cursorPages, pageSize } from './pages.js';
import { feedbackPages } from './read-back.js';
import type { Rest } from './rest.js';
import { isObject } from '../../core/json/json.js';

/** How many of the newest experiments are searched for a trace by the engine's own id. */
const sessionsSearched = 100;

const select = [
  'id',
  'trace_id',
  'session_id',
  'parent_run_id',
  'dotted_order',
  'name',
  'run_type',
  'start_time',
  'end_time',
  'status',
  'error',
  'inputs',
  'outputs',
  'extra',
  'app_path',
  'prompt_tokens',
  'completion_tokens',
  'total_cost',
];

/**
 * A trace with its runs, the root first and then in their order, and the feedback on it. The id is that of the trace there, or the
 * engine's (32 hex digits), which is looked for in the newest experiments.
 *
 * @throws AssayError TRACE_NOT_FOUND where the platform shows no run of it (yet).
 */
export async function readTrace(
  rest: Rest,
  traceId: string,
  request: {
    /** Of a page below the address that people use. */
    readonly urlOf: (path: string) => string;
    readonly signal: AbortSignal;
  },
): Promise<TraceView> {
  const { urlOf, signal } = request;
  const id = isUuid(traceId) ? traceId : await findByMark(rest, traceId, signal);
  const runs = id === undefined ? [] : await runsOf(rest, { trace: id }, signal);
  const sorted = [...runs].sort((a, b) =>
    (a.dotted_order ?? '') < (b.dotted_order ?? '') ? -1 : 1,
  );
  const [root] = sorted;
  if (id === undefined || root === undefined) {
    throw new AssayError(
      'TRACE_NOT_FOUND',
      `LangSmith at ${rest.baseUrl} shows no trace ${JSON.stringify(traceId)}.`,
      { mend: 'Check the id; a trace that was just sent is readable after some seconds.' },
    );
  }
  const scores: ScoreView[] = [];
  for await (const page of feedbackPages(rest, { run: [root.id] }, signal)) {
    scores.push(...page.map(scoreView));
  }
  return {
    id,
    name: root.name,
    url: urlOf(pathOf(root)),
    observations: sorted.map(observationView),
    scores,
  };
}

/** The server's own word where it is a path; it is foreign text. */
function pathOf(root: RunAnswer): string {
  const told = root.app_path ?? '';
  return /^\/[\w/-]+$/.test(told) ? told : `/projects/p/${root.session_id}/r/${root.id}`;
}

async function runsOf(
  rest: Rest,
  query: JsonObject,
  signal: AbortSignal,
): Promise<readonly RunAnswer[]> {
  const runs = new Map<string, RunAnswer>();
  const pages = cursorPages(async (cursor) => {
    const page = await rest.read(
      {
        method: 'POST',
        path: '/runs/query',
        body: { ...query, select, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) },
        asks: true,
        what: 'a trace',
        signal,
      },
      runsAnswer,
    );
    return { rows: page.runs, next: page.cursors?.next ?? undefined };
  });
  for await (const page of pages) for (const run of page) runs.set(run.id, run);
  return [...runs.values()];
}

// The id alone leads nowhere there: runs are asked for by their session.
async function findByMark(
  rest: Rest,
  hexId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!/^[0-9a-f]{32}$/.test(hexId)) return undefined;
  const sessions = await rest.read(
    {
      path: '/sessions',
      query: {
        reference_free: false,
        sort_by: 'start_time',
        sort_by_desc: true,
        limit: sessionsSearched,
      },
      what: 'the experiments',
      signal,
    },
    sessionsAnswer,
  );
  const ours = sessions.filter(({ extra }) => {
    const metadata = extra?.['metadata'];
    return isObject(metadata) && typeof metadata[metadataKey.runUid] === 'string';
  });
  if (ours.length === 0) return undefined;
  const filter = `and(eq(metadata_key, "assay.trace_id"), eq(metadata_value, "${hexId}"))`;
  const session = ours.map(({ id }) => id);
  const runs = await runsOf(rest, { session, is_root: true, filter }, signal);
  return runs[0]?.trace_id;
}

function observationView(run: RunAnswer): ObservationView {
  const metadata = metadataOf(run);
  const usage = isObject(metadata['usage_metadata']) ? metadata['usage_metadata'] : {};
  const started = Date.parse(run.start_time);
  const ended = Date.parse(run.end_time ?? '');
  const isModel = run.run_type === 'llm' || run.run_type === 'embedding';
  return {
    id: run.id,
    parentId: run.parent_run_id ?? undefined,
    type: run.run_type,
    name: run.name,
    startedAt: zoned(run.start_time),
    latencyMs: Number.isFinite(ended - started) ? Math.round(ended - started) : undefined,
    level: run.error === null || run.error === undefined ? 'DEFAULT' : 'ERROR',
    statusMessage: run.error ?? undefined,
    model: text(metadata['ls_model_name']),
    promptName: text(metadata['assay.prompt']),
    promptVersion: count(metadata['assay.prompt_version']),
    // The server's own sums of a chain are those of the calls below it.
    inputTokens: isModel
      ? (count(usage['input_tokens']) ?? run.prompt_tokens ?? undefined)
      : undefined,
    outputTokens: isModel
      ? (count(usage['output_tokens']) ?? run.completion_tokens ?? undefined)
      : undefined,
    totalCost: isModel ? (count(usage['total_cost']) ?? run.total_cost ?? undefined) : undefined,
    input: shown(run.inputs),
    output: shown(run.outputs),
  };
}

function metadataOf(run: RunAnswer): JsonObject {
  const metadata = run.extra?.['metadata'];
  return isObject(metadata) ? metadata : {};
}

/** Times of runs come without their zone, which is UTC. */
const zoned = (time: string): string => (/(?:Z|[+-]\d\d:\d\d)$/.test(time) ? time : `${time}Z`);

const text = (value: Json | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;
const count = (value: Json | undefined): number | undefined =>
  typeof value === 'number' ? value : undefined;

function shown(value: JsonObject | null | undefined): string | undefined {
  if (value === null || value === undefined || Object.keys(value).length === 0) return undefined;
  return JSON.stringify(value);
}

function scoreView(feedback: FeedbackAnswer): ScoreView {
  const value = feedback.value ?? feedback.score ?? null;
  const dataType =
    typeof value === 'boolean' ? 'BOOLEAN' : typeof value === 'number' ? 'NUMERIC' : 'CATEGORICAL';
  return {
    id: feedback.id,
    name: feedback.key,
    value,
    dataType,
    comment: feedback.comment ?? undefined,
  };
}
