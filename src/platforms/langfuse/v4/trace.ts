import type { ObservationView, ScoreView, TraceView } from '../../../contracts/trace-view.js';
import { observationsAnswer, type ObservationAnswer, type ScoreAnswer } from '../answers.js';
import type { Rest } from '../rest.js';
import { inReadingOrder, present, tokens, traceMissing } from '../trace-parts.js';
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
  if (first === undefined) throw traceMissing(rest.baseUrl, traceId);
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
