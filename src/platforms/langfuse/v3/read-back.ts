import { createDigestFlags, digestOf, type DigestFlags } from '../../../core/ids/digest-flags.js';
import type { OutboundExport, PlatformPage, PlatformRun } from '../../port.js';
import { shortText } from '../../trace/field-text.js';
import type { Rest } from '../rest.js';
import { metadataKey } from '../../trace/metadata-key.js';
import { observationKeyAnswer, scoreKeyAnswer, traceRowAnswer } from './answers.js';
import { linkPages, linkReadings } from './find-links.js';
import { listPages, pageRows } from './pages.js';
import { resolveRunId, type RunIds } from './run-ids.js';

/** Requests at a time where many are needed. */
const width = 4;
/** More copies of one link than a byte counts are not told apart. */
const mostLinks = 255;

/** The ids of a trace's spans. */
export async function observationIds(
  rest: Rest,
  traceId: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  const pages = listPages(
    rest,
    { path: '/api/public/observations', query: { traceId }, what: 'the spans of a trace', signal },
    observationKeyAnswer,
  );
  for await (const rows of pages) for (const { id } of rows) ids.add(id);
  return ids;
}

/** Which scores of an export are there. The id alone is no proof: a re-judged one replaces one that stood there under the same id. */
export async function findScores(
  rest: Rest,
  batch: OutboundExport,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const ids = batch.records.flatMap((record) => record.ids);
  for await (const rows of scorePages(rest, byIds(ids), signal)) {
    for (const { id, metadata } of rows) {
      if (metadata?.[metadataKey.exportId] === batch.exportId) found.add(id);
    }
  }
  return found;
}

/**
 * The spans of all traces that stand there whole: in the tables and in their run. A span that was taken twice is one row there;
 * what can stand twice is the link, and such a trace's first span comes twice.
 */
export async function* readBackSpans(
  rest: Rest,
  request: { readonly run: PlatformRun; readonly from: string; readonly signal: AbortSignal },
): AsyncGenerator<PlatformPage, void, undefined> {
  const { run, from, signal } = request;
  const links = run.generation === 'v3' ? await countLinks(rest, run, signal) : undefined;
  const seen = createDigestFlags();
  const pages = listPages(
    rest,
    {
      path: '/api/public/traces',
      query: {
        name: shortText(run.runs[0]?.name ?? ''),
        fromTimestamp: from,
        // By what no two have in common: among equals a page can begin anywhere.
        orderBy: 'id.asc',
        // Without inputs and outputs, where the server can do so (3.80); before, it sends them all.
        fields: 'core,observations',
      },
      what: 'the traces of a run',
      signal,
      ahead: width,
    },
    traceRowAnswer,
  );
  for await (const rows of pages) {
    const spans: { traceId: string; spanId: string }[] = [];
    for (const { id: traceId, observations } of rows) {
      const trace = digestOf(traceId);
      // A trace that comes in while one reads moves others to the next page.
      if (seen.get(trace) !== 0) continue;
      seen.set(trace, 1);
      const own = (observations ?? []).map((spanId) => ({ traceId, spanId }));
      const linked = links === undefined ? 1 : links.get(trace);
      if (linked > 0) spans.push(...own);
      const [first] = own;
      if (linked > 1 && first !== undefined) {
        spans.push(...Array.from({ length: linked - 1 }, () => first));
      }
    }
    if (spans.length > 0) yield { spans };
  }
}

/** How often each trace stands in the run's runs. */
async function countLinks(rest: Rest, run: PlatformRun, signal: AbortSignal): Promise<DigestFlags> {
  const links = createDigestFlags();
  for (const { name } of run.runs) {
    // By their own ids, since a row can come on two pages.
    const rowsSeen = createDigestFlags();
    const place = { datasetId: run.datasetId, runName: shortText(name) };
    for (const limit of linkReadings) {
      let total = 0;
      const onTotal = (rows: number) => {
        total = rows;
      };
      for await (const rows of linkPages(rest, place, { signal, limit, onTotal })) {
        for (const { id, traceId } of rows) {
          const row = digestOf(id);
          if (rowsSeen.get(row) !== 0) continue;
          rowsSeen.set(row, 1);
          const trace = digestOf(traceId);
          links.set(trace, Math.min(links.get(trace) + 1, mostLinks));
        }
      }
      if (rowsSeen.size >= total) break;
    }
  }
  return links;
}

/** The ids of scores: of those that are looked for, else of the given traces or runs, else of the environment's since `from`. */
export async function* readBackScores(
  rest: Rest,
  request: {
    readonly run: PlatformRun;
    readonly scoreIds?: readonly string[];
    readonly traceIds?: readonly string[];
    readonly runIds?: readonly string[];
    readonly environment: string;
    readonly from: string;
    readonly known: RunIds;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<PlatformPage, void, undefined> {
  for await (const rows of scorePages(rest, await scoreQueries(rest, request), request.signal)) {
    yield { scoreIds: rows.map(({ id }) => id) };
  }
}

type ScoreQuery = Readonly<Record<string, string>>;

async function scoreQueries(
  rest: Rest,
  request: Parameters<typeof readBackScores>[1],
): Promise<readonly ScoreQuery[]> {
  const { run, scoreIds, traceIds, runIds, environment, from, known, signal } = request;
  // The one way that servers of all versions know, and a hundred at once.
  if (scoreIds !== undefined) return byIds(scoreIds);
  if (traceIds !== undefined) return traceIds.map((traceId) => ({ traceId }));
  if (runIds === undefined) return [{ environment, fromTimestamp: from }];
  const queries: ScoreQuery[] = [];
  for (const { id, name } of run.runs.filter((each) => runIds.includes(each.id))) {
    const { datasetId, datasetName } = run;
    const place = { datasetId, datasetName, runName: shortText(name) };
    queries.push({
      datasetRunId: (await resolveRunId(place, { rest, runIds: known, signal })) ?? id,
    });
  }
  return queries;
}

function byIds(ids: readonly string[]): readonly ScoreQuery[] {
  return Array.from({ length: Math.ceil(ids.length / pageRows) }, (_, index) => ({
    scoreIds: ids.slice(index * pageRows, (index + 1) * pageRows).join(','),
  }));
}

async function* scorePages(rest: Rest, queries: readonly ScoreQuery[], signal: AbortSignal) {
  const request = { path: '/api/public/v2/scores', what: 'the scores', signal };
  for (const query of queries) yield* listPages(rest, { ...request, query }, scoreKeyAnswer);
}
