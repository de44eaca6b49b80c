import { langfuseExperimentId } from '../../../core/ids/platform-ids.js';
import type { ForeignScore, ScoreValue, TraceSink, TraceWindow } from '../../trace-port.js';
import { experimentsAnswer, experimentItemsAnswer } from '../answers.js';
import { forEachBounded } from '../../http/bounded.js';
import { shortText } from '../../trace/field-text.js';
import type { ServerGeneration } from '../generation.js';
import type { LangfuseSettings } from '../options.js';
import type { Rest } from '../rest.js';
import { listPages } from '../v3/pages.js';
import { observationIds } from '../v3/read-back.js';
import { findRun } from '../v3/run-ids.js';
import { linkPages, linkReadings, runExists } from '../v3/find-links.js';
import { observationRows } from '../v4/observation-rows.js';
import { scorePages } from '../v4/read-back.js';
import { movedScoreAnswer, scoreValueOf } from './answers.js';
import { encodeForeignScores } from './encode-scores.js';
import { encodeTrace, movedFrom } from './encode-trace.js';
import { movedScoreId, movedTraceId } from './ids.js';

/** The most ids that one request asks for. */
const idsPerRequest = 100;
/** Requests at a time where each trace is one. */
const width = 4;
/** Lies before every experiment; the endpoints demand a time. */
const longAgo = '2000-01-01T00:00:00.000Z';

interface Place {
  readonly rest: Rest;
  readonly server: ServerGeneration;
  readonly settings: Pick<LangfuseSettings, 'environment'>;
}

/** Langfuse as the target of traces from elsewhere. */
export function createTraceSink({ rest, server, settings }: Place): TraceSink {
  const { environment } = settings;
  return {
    traceId: movedTraceId,
    scoreId: movedScoreId,
    experimentId: ({ projectId, datasetId, name }) =>
      langfuseExperimentId(projectId, datasetId, name),
    encodeTrace: (trace, { origin, experiment, generation }) =>
      encodeTrace({ trace, origin, experiment, generation, settings }),
    encodeScores: (scores, origin) => encodeForeignScores(scores, { origin, environment }),
    shownScore,
    isTaken: (experiment) =>
      server.call({ assumed: undefined, signal: experiment.signal }, (generation) =>
        generation === 'v3' ? isTakenOn3(rest, experiment) : isTakenOn4(rest, experiment),
      ),
    findSpans: (window) =>
      server.call({ assumed: undefined, signal: window.signal }, (generation) =>
        generation === 'v3' ? findSpansOn3(rest, window) : findSpansOn4(rest, window),
      ),
    findLinks: (experiment, signal) =>
      server.call({ assumed: undefined, signal }, (generation) =>
        generation === 'v3' ? linksOn3(rest, experiment, signal) : Promise.resolve(undefined),
      ),
    findScores: (ids, signal) =>
      server.call({ assumed: undefined, signal }, (generation) =>
        findScores(rest, { ids, generation, signal }),
      ),
  };
}

/** As it is sent: names and categories are cut to what the server keeps. */
function shownScore({ name, value }: ForeignScore): ScoreValue {
  return {
    name: shortText(name, 255),
    value: value.type === 'CATEGORICAL' ? { ...value, value: shortText(value.value) } : value,
  };
}

type Experiment = Parameters<TraceSink['isTaken']>[0];

async function isTakenOn4(rest: Rest, { id, group, signal }: Experiment): Promise<boolean> {
  const { data } = await rest.read(
    {
      path: '/api/public/experiments',
      query: { id, fromStartTime: longAgo, fields: 'core,metadata', limit: 1 },
      what: 'an experiment',
      signal,
    },
    experimentsAnswer,
  );
  const [found] = data;
  if (found === undefined) return false;
  if (found.metadata?.[movedFrom.groupId] === group.id) return false;
  // An experiment's metadata is that of any of its rows; its items say it each.
  const items = await rest.read(
    {
      path: '/api/public/experiment-items',
      query: { experimentId: id, fromStartTime: longAgo, fields: 'core,metadata', limit: 1 },
      what: 'the items of an experiment',
      signal,
    },
    experimentItemsAnswer,
  );
  return items.data[0]?.metadata?.[movedFrom.groupId] !== group.id;
}

async function isTakenOn3(rest: Rest, experiment: Experiment): Promise<boolean> {
  const { datasetId, datasetName, group, signal } = experiment;
  const runName = shortText(experiment.name);
  if (!(await runExists(rest, { datasetId, runName }, signal))) return false;
  const run = await findRun(rest, { datasetName, runName }, signal);
  return run?.metadata?.[movedFrom.groupId] !== group.id;
}

async function findSpansOn4(
  rest: Rest,
  { group, traceIds, from, to, signal }: TraceWindow,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>(traceIds.map((id) => [id, []]));
  const pages = observationRows(rest, {
    metadata: { key: movedFrom.groupId, value: group.id },
    from,
    to,
    what: 'the spans of moved traces',
    signal,
  });
  for await (const rows of pages) for (const { traceId, id } of rows) found.get(traceId)?.push(id);
  return found;
}

async function findSpansOn3(
  rest: Rest,
  { traceIds, signal }: TraceWindow,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  await forEachBounded(traceIds, width, async (traceId) => {
    found.set(traceId, [...(await observationIds(rest, traceId, signal))]);
  });
  return found;
}

async function linksOn3(
  rest: Rest,
  { datasetId, name }: { readonly datasetId: string; readonly name: string },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const links = new Map<string, number>();
  // By their own ids, since a row can come on two pages.
  const seen = new Set<string>();
  for (const limit of linkReadings) {
    let total = 0;
    const onTotal = (rows: number): void => {
      total = rows;
    };
    const place = { datasetId, runName: shortText(name) };
    for await (const rows of linkPages(rest, place, { signal, limit, onTotal })) {
      for (const { id, traceId } of rows) {
        if (seen.has(id)) continue;
        seen.add(id);
        links.set(traceId, (links.get(traceId) ?? 0) + 1);
      }
    }
    if (seen.size >= total) break;
  }
  return links;
}

async function findScores(
  rest: Rest,
  on: {
    readonly ids: readonly string[];
    readonly generation: 'v4' | 'v3';
    readonly signal: AbortSignal;
  },
): Promise<ReadonlyMap<string, ScoreValue>> {
  const { ids, generation, signal } = on;
  const found = new Map<string, ScoreValue>();
  for (let at = 0; at < ids.length; at += idsPerRequest) {
    const some = ids.slice(at, at + idsPerRequest).join(',');
    const pages =
      generation === 'v4'
        ? scorePages(rest, { query: { id: some }, signal })
        : listPages(
            rest,
            {
              path: '/api/public/v2/scores',
              query: { scoreIds: some },
              what: 'the scores',
              signal,
            },
            movedScoreAnswer,
          );
    for await (const scores of pages) {
      for (const score of scores) {
        const value = scoreValueOf(score);
        if (value !== undefined) found.set(score.id, { name: score.name, value });
      }
    }
  }
  return found;
}
