import type { ObservationView, ScoreView, TraceView } from '../../../contracts/trace-view.js';
import { AssayError } from '../../../core/errors/assay-error.js';
import { observationsAnswer, type ObservationAnswer, type ScoreAnswer } from '../answers.js';
import type { Rest } from '../rest.js';
import { scorePages } from './read-back.js';

const fields = 'core,basic,io,model,usage,prompt,metrics,trace_context';

/**
 * A trace with its observations, roots first and then by their start, and its scores.
 * @throws AssayError TRACE_NOT_FOUND where the platform shows no observation of it (yet).
 */
export async function readTrace(
  rest: Rest,
  traceId: string,
  request: {
    readonly traceUrl: (projectId: string, traceId: string) => string;
    readonly signal: AbortSignal;
  },
): Promise<TraceView> {
  const { traceUrl, signal } = request;
  const rows = await observationsOf(rest, traceId, signal);
  const [first] = rows;
  if (first === undefined) {
    throw new AssayError(
      'TRACE_NOT_FOUND',
      `Langfuse at ${rest.baseUrl} shows no trace ${JSON.stringify(traceId)}.`,
      { mend: 'Check the id; a trace that was just sent is readable after some seconds.' },
    );
  }
  const scores: ScoreView[] = [];
  const query = { traceId, fields: 'details' };
  for await (const page of scorePages(rest, { query, signal })) {
    scores.push(...page.map(scoreView));
  }
  return {
    id: traceId,
    name: present(first.traceName) ?? present(first.name) ?? traceId,
    url: traceUrl(first.projectId, traceId),
    observations: rows.map(observationView),
    scores,
  };
}

async function observationsOf(
  rest: Rest,
  traceId: string,
  signal: AbortSignal,
): Promise<readonly ObservationAnswer[]> {
  // By id: a span that was taken twice is one observation to a reader.
  const rows = new Map<string, ObservationAnswer>();
  let cursor: string | undefined;
  do {
    const page = await rest.read(
      {
        path: '/api/public/v2/observations',
        // Pages stay small since inputs and outputs are large.
        query: { traceId, fields, limit: 100, cursor },
        what: `the trace ${JSON.stringify(traceId)}`,
        signal,
      },
      observationsAnswer,
    );
    for (const row of page.data) if (!rows.has(row.id)) rows.set(row.id, row);
    const next = page.meta.cursor ?? undefined;
    if (next === cursor) break;
    cursor = next;
  } while (cursor !== undefined);
  return inReadingOrder(rows);
}

/** Roots first, then by start; where two start at once, the one that stands higher. */
function inReadingOrder(
  rows: ReadonlyMap<string, ObservationAnswer>,
): readonly ObservationAnswer[] {
  const depths = new Map([...rows.values()].map((row) => [row.id, depthOf(row, rows)]));
  const depth = (row: ObservationAnswer): number => depths.get(row.id) ?? 0;
  return [...rows.values()].sort(
    (a, b) =>
      Math.min(depth(a), 1) - Math.min(depth(b), 1) ||
      Date.parse(a.startTime) - Date.parse(b.startTime) ||
      depth(a) - depth(b) ||
      (a.id < b.id ? -1 : 1),
  );
}

function depthOf(row: ObservationAnswer, rows: ReadonlyMap<string, ObservationAnswer>): number {
  let depth = 0;
  // Spans are foreign data: their parents can be missing or run in a ring.
  for (
    let parent = row.parentObservationId ?? '';
    parent !== '' && depth <= rows.size;
    parent = rows.get(parent)?.parentObservationId ?? ''
  ) {
    depth += 1;
  }
  return depth;
}

function observationView(row: ObservationAnswer): ObservationView {
  return {
    id: row.id,
    parentId: present(row.parentObservationId),
    type: row.type,
    name: row.name ?? '',
    startedAt: row.startTime,
    // Seconds there; milliseconds here.
    latencyMs:
      row.latency === null || row.latency === undefined
        ? undefined
        : Math.round(row.latency * 1000),
    level: row.level ?? 'DEFAULT',
    statusMessage: present(row.statusMessage),
    model: present(row.model),
    promptName: present(row.promptName),
    promptVersion: row.promptVersion ?? undefined,
    inputTokens: tokens(row.usageDetails, 'input'),
    outputTokens: tokens(row.usageDetails, 'output'),
    totalCost: cost(row),
    input: row.input ?? undefined,
    output: row.output ?? undefined,
  };
}

// Cached and reasoning tokens are kinds of their own, named `input_…` and `output_…`.
function tokens(details: ObservationAnswer['usageDetails'], side: string): number | undefined {
  const own = Object.entries(details ?? {}).filter(([kind]) => kind.startsWith(side));
  return own.length === 0 ? undefined : own.reduce((sum, [, count]) => sum + count, 0);
}

// An unknown cost has total 0 there, and only its empty details tell it from a free call.
function cost(row: ObservationAnswer): number | undefined {
  if (Object.keys(row.costDetails ?? {}).length === 0) return undefined;
  return row.totalCost ?? row.costDetails?.['total'];
}

function scoreView(score: ScoreAnswer): ScoreView {
  return {
    id: score.id,
    name: score.name,
    value: score.value ?? null,
    dataType: score.dataType,
    comment: present(score.comment),
  };
}

// Texts that were never set are "" in some answers and null in others.
function present(text: string | null | undefined): string | undefined {
  return text === null || text === undefined || text === '' ? undefined : text;
}
