import type { ObservationView, ScoreView, TraceView } from '../../../contracts/trace-view.js';
import type { Json } from '../../../core/json/json.js';
import type { Rest } from '../rest.js';
import { inReadingOrder, present, tokens, traceMissing } from '../trace-parts.js';
import { traceAnswer, type ObservationAnswer, type ScoreAnswer } from './answers.js';

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
  const trace = await rest.find(
    {
      path: `/api/public/traces/${encodeURIComponent(traceId)}`,
      what: `the trace ${JSON.stringify(traceId)}`,
      signal,
    },
    traceAnswer,
  );
  const rows = new Map(trace?.observations.map((row) => [row.id, row]));
  if (trace === undefined || rows.size === 0) throw traceMissing(rest.baseUrl, traceId);
  const ordered = inReadingOrder(rows);
  return {
    id: traceId,
    name: present(trace.name) ?? present(ordered[0]?.name) ?? traceId,
    url: traceUrl(trace.projectId, traceId),
    observations: ordered.map(observationView),
    scores: trace.scores.map(scoreView),
  };
}

function observationView(row: ObservationAnswer): ObservationView {
  const { latency } = row;
  return {
    id: row.id,
    parentId: present(row.parentObservationId),
    type: row.type,
    name: row.name ?? '',
    startedAt: row.startTime,
    // Seconds there; milliseconds here.
    latencyMs: latency === null || latency === undefined ? undefined : Math.round(latency * 1000),
    level: row.level ?? 'DEFAULT',
    statusMessage: present(row.statusMessage),
    model: present(row.model),
    promptName: present(row.promptName),
    promptVersion: row.promptVersion ?? undefined,
    inputTokens: tokens(row.usageDetails, 'input'),
    outputTokens: tokens(row.usageDetails, 'output'),
    totalCost: cost(row),
    input: text(row.input),
    output: text(row.output),
  };
}

// An unknown cost has total 0 there, and only its empty details tell it from a free call.
function cost(row: ObservationAnswer): number | undefined {
  if (Object.keys(row.costDetails ?? {}).length === 0) return undefined;
  return row.calculatedTotalCost ?? row.costDetails?.['total'];
}

// Texts that hold JSON come back as what they hold.
function text(value: Json | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function scoreView(score: ScoreAnswer): ScoreView {
  return {
    id: score.id,
    name: score.name,
    value: valueOf(score),
    dataType: score.dataType,
    comment: present(score.comment),
  };
}

// A yes or no is 1 or 0 there, and a category a text beside the number that a config gives it.
function valueOf({ dataType, value, stringValue }: ScoreAnswer): Json {
  if (dataType === 'BOOLEAN' && typeof value === 'number') return value === 1;
  if (dataType === 'CATEGORICAL' || dataType === 'TEXT') return stringValue ?? value ?? null;
  return value ?? null;
}
