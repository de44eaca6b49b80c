import { chunks } from '../../http/chunks.js';
import type { OutboundExport, PlatformPage } from '../../port.js';
import { scoresAnswer, type ScoreAnswer } from '../answers.js';
import type { Rest } from '../rest.js';
import { metadataKey } from '../../trace/metadata-key.js';
import { observationRows } from './observation-rows.js';

/** The most rows a page of `v3/scores` holds, and the most ids one request asks for. */
const scoresPage = 100;

/** Which of an export's ids the platform shows under its export id. */
export async function findExport(
  rest: Rest,
  batch: OutboundExport,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  return batch.kind === 'spans' ? findSpans(rest, batch, signal) : findScores(rest, batch, signal);
}

async function findSpans(rest: Rest, batch: OutboundExport, signal: AbortSignal) {
  const wanted = new Set(batch.records.flatMap(({ ids }) => ids));
  const found = new Set<string>();
  const pages = observationRows(rest, {
    metadata: { key: metadataKey.exportId, value: batch.exportId },
    ...earliestStart(batch),
    what: 'the spans of an export',
    signal,
  });
  for await (const rows of pages) {
    for (const { id } of rows) if (wanted.has(id)) found.add(id);
    if (found.size === wanted.size) break;
  }
  return found;
}

// Without a time the server would search all that the project ever recorded.
function earliestStart(batch: OutboundExport): { readonly from?: string } {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { body } of batch.records) {
    // Quotes within texts are escaped, so this matches members only.
    for (const [, nanoseconds] of body.matchAll(/"startTimeUnixNano":"(\d+)"/g)) {
      earliest = Math.min(earliest, Math.floor(Number(nanoseconds) / 1e6));
    }
  }
  return Number.isFinite(earliest) ? { from: new Date(earliest).toISOString() } : {};
}

// The id alone is no proof: a re-judged score replaces one that stood there under the same id.
async function findScores(rest: Rest, batch: OutboundExport, signal: AbortSignal) {
  const wanted = batch.records.flatMap(({ ids }) => ids);
  const found = new Set<string>();
  for (const ids of chunks(wanted, scoresPage)) {
    const query = { id: ids.join(','), fields: 'details' };
    for await (const scores of scorePages(rest, { query, signal })) {
      for (const score of scores) {
        if (score.metadata?.[metadataKey.exportId] === batch.exportId) found.add(score.id);
      }
    }
  }
  return found;
}

/** Every span row of a run; a span that stands there twice comes twice. */
export async function* readBackSpans(
  rest: Rest,
  request: { readonly runUid: string; readonly from: string; readonly signal: AbortSignal },
): AsyncGenerator<PlatformPage, void, undefined> {
  const pages = observationRows(rest, {
    metadata: { key: metadataKey.runUid, value: request.runUid },
    from: request.from,
    what: 'the spans of a run',
    signal: request.signal,
  });
  for await (const rows of pages) {
    yield { spans: rows.map((row) => ({ traceId: row.traceId, spanId: row.id })) };
  }
}

/** The ids of the scores of the given traces, or of the given experiments; without either, of the environment's since `from`. */
export async function* readBackScores(
  rest: Rest,
  request: {
    readonly traceIds?: readonly string[];
    readonly runIds?: readonly string[];
    readonly environment: string;
    readonly from: string;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<PlatformPage, void, undefined> {
  const { traceIds, runIds, environment, from, signal } = request;
  const queries: readonly Readonly<Record<string, string>>[] =
    runIds !== undefined
      ? chunks(runIds, scoresPage).map((ids) => ({ experimentId: ids.join(',') }))
      : traceIds === undefined
        ? [{ environment, fromTimestamp: from }]
        : chunks(traceIds, scoresPage).map((ids) => ({ traceId: ids.join(',') }));
  for (const query of queries) {
    for await (const scores of scorePages(rest, { query, signal })) {
      yield { scoreIds: scores.map(({ id }) => id) };
    }
  }
}

/** All scores that a query selects, each once. */
export async function* scorePages(
  rest: Rest,
  request: {
    readonly query: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<readonly ScoreAnswer[], void, undefined> {
  let cursor: string | undefined;
  // The id is the key there, so one that comes again on the next page is the same score.
  let before = new Set<string>();
  do {
    const page = await rest.read(
      {
        path: '/api/public/v3/scores',
        query: { ...request.query, limit: scoresPage, cursor },
        what: 'the scores',
        signal: request.signal,
      },
      scoresAnswer,
    );
    const known = before;
    const fresh = page.data.filter(({ id }) => !known.has(id));
    if (fresh.length > 0) yield fresh;
    before = new Set(page.data.map(({ id }) => id));
    const next = page.meta.cursor ?? undefined;
    if (next === cursor) return;
    cursor = next;
  } while (cursor !== undefined);
}
