import { createHttpTransport } from '../http/transport.js';
import { patiently } from '../patience.js';
import type { OutboxRecord, Platform, TracePlace } from '../port.js';
import type { PlatformPrompts } from '../prompt-port.js';
import {
  createDatasets,
  ensureDataset,
  existingDataset,
  type LangsmithDatasets,
} from './datasets.js';
import { deleteScore, deleteTraces } from './deletions.js';
import { encodeFeedback, encodeSessionFeedback, maxFeedbackBytes } from './encode-feedback.js';
import { encodeJudgementRuns, encodeRuns, maxRunsBytes } from './encode-runs.js';
import { plannedItem } from './example-content.js';
import { writeExamples } from './example-writes.js';
import { examplePages } from './examples.js';
import { readOptions, type LangsmithOptions } from './options.js';
import { createPrompts } from './prompts.js';
import { findExport, readBackRuns, readBackScores } from './read-back.js';
import { createRest } from './rest.js';
import { returnedExamples } from './returned-examples.js';
import { rootRunId } from './run-place.js';
import { sendExport } from './send.js';
import { checkWorkspace, describeServer } from './server-facts.js';
import { prepareRun, refuseTakenName } from './sessions.js';
import { placeTheirs } from './their-examples.js';
import { readTrace } from './trace.js';
import { createTraceSource } from './trace-source.js';

export type { LangsmithOptions } from './options.js';

/** LangSmith with its prompts and datasets. */
export type LangsmithPlatform = Platform & {
  readonly prompts: PlatformPrompts;
  readonly datasets: LangsmithDatasets;
};

/**
 * LangSmith as a platform, over its REST API.
 *
 * @throws AssayError ENVIRONMENT_INVALID where an option cannot be used; no request is made here.
 *
 * @example
 * const platform = createLangsmithPlatform({
 *   endpoint: 'https://api.smith.langchain.com',
 *   apiKey: 'lsv2_…',
 * });
 * const { version, projectName } = await platform.describe(AbortSignal.timeout(10_000));
 */
export function createLangsmithPlatform(options: LangsmithOptions): LangsmithPlatform {
  const settings = readOptions(options);
  const transport = createHttpTransport({
    ...settings,
    headers: {
      'x-api-key': settings.apiKey,
      ...(settings.workspaceId === undefined ? {} : { 'x-tenant-id': settings.workspaceId }),
    },
  });
  const rest = createRest(settings, transport);
  const restOfRun = createRest(settings, transport, { known: true });
  const pageOf = (...path: readonly string[]): string =>
    [settings.webUrl, ...path.map(encodeURIComponent)].join('/');
  const runPage = (projectId: string, sessionId: string, runId: string): string =>
    pageOf('o', projectId, 'projects', 'p', sessionId, 'r', runId);
  const prompts = createPrompts(rest, settings);
  const ownWorkspaces = new Set<string>();

  return {
    name: 'langsmith',
    prompts,
    datasets: createDatasets(rest.patient, pageOf),
    traceSource: createTraceSource(restOfRun.patient),
    limits: {
      // The batch that the server asks its clients for: 100 runs; a cell with more goes alone.
      spans: { maxBytes: maxRunsBytes, maxRecords: 100, maxIds: 100 },
      scores: { maxBytes: maxFeedbackBytes, maxRecords: 100, maxIds: 100 },
    },
    describe: (signal) => describeServer(rest, signal),
    // These look for what is asked for before they make it, so they may be repeated as a whole.
    ensureDataset: (dataset, signal) =>
      patiently(signal, () => ensureDataset(rest, dataset, signal)),
    ensurePrompt: async (prompt, signal) => {
      const version = prompt.standing ?? (await prompts.ensure(prompt, signal)).version;
      return {
        version: await prompts.ordinal(prompt.name, version, signal),
        commit: version,
      };
    },
    ensureItems: async ({ dataset: name, items, signal, onProgress }) => {
      if (items.length === 0) return { written: 0, unchanged: 0 };
      const dataset = await existingDataset(rest.patient, name, signal);
      const entries = items.map((item) => ({ item }));
      const request = { dataset, items: entries, all: false, signal, onProgress };
      const { written } = await writeExamples(rest.patient, request);
      return { written, unchanged: items.length - written };
    },
    // Items are asked for by their ids, so there is no list to read beforehand.
    foreseeItems: () => undefined,
    async *readItems({ dataset: name, version, signal }) {
      const dataset = await existingDataset(rest.patient, name, signal);
      for await (const page of examplePages(rest.patient, { dataset, version, signal })) {
        yield page.map((example) => plannedItem(dataset.id, example));
      }
    },
    refuseTakenName: (request) => refuseTakenName({ rest, settings }, request),
    prepareRun: (request) =>
      patiently(request.signal, async () => {
        const run = await prepareRun({ rest, settings }, request);
        const dataset = { id: run.datasetId, name: run.datasetName };
        const returned = await returnedExamples(rest.patient, dataset, request.signal);
        const ids = [...returned].map(([itemId, { id }]) => [itemId, id] as const);
        return ids.length === 0 ? run : { ...run, itemIds: Object.fromEntries(ids) };
      }),
    placeItems: (request) => placeTheirs(rest.patient, request),
    checkRun: async (run, signal) => {
      // A key, with the workspace that is asked for, leads to one place for good.
      if (ownWorkspaces.has(run.projectId)) return;
      await checkWorkspace(rest, run, signal);
      ownWorkspaces.add(run.projectId);
    },
    encodeCell: (cell, item, run) => {
      const scores = encodeFeedback(cell, run);
      const records: OutboxRecord[] = [encodeRuns({ cell, item, run, settings })];
      return scores === undefined ? records : [...records, scores];
    },
    encodeJudgement: ({ cell, item, run, ...judgement }) =>
      [
        encodeJudgementRuns({ cell, item, run, settings, judgement }),
        encodeFeedback(cell, run),
      ].filter((record) => record !== undefined),
    encodeRunScores: encodeSessionFeedback,
    send: (batch, signal, mayPost) => sendExport(transport, batch, { signal, mayLeave: mayPost }),
    findExport: (batch, signal) => findExport(restOfRun, batch, signal),
    readBack: (request) =>
      request.kind === 'spans'
        ? readBackRuns(restOfRun.patient, request)
        : readBackScores(restOfRun.patient, request),
    deleteTraces: (traceIds, signal) =>
      deleteTraces(restOfRun, traceIds, { visibilityMs: settings.visibilityMs, signal }),
    deleteScore: (scoreId, signal) => deleteScore(restOfRun, scoreId, signal),
    traceUrl: (projectId, traceId, place) => {
      const sessionId = place === undefined ? undefined : sessionAt(place);
      return place === undefined || sessionId === undefined
        ? pageOf('o', projectId, 'projects')
        : runPage(projectId, sessionId, rootRunId(traceId, place.startedAt));
    },
    tracesUrl: (projectId) => pageOf('o', projectId, 'projects'),
    runUrl: (run, runId) =>
      `${pageOf('o', run.projectId, 'datasets', run.datasetId, 'compare')}?selectedSessions=${encodeURIComponent(runId)}`,
    readTrace: (traceId, signal) =>
      readTrace(rest, traceId, { urlOf: (path) => `${settings.webUrl}${path}`, signal }),
    close: () => transport.close(),
  };
}

const sessionAt = ({ run, repetition }: TracePlace): string | undefined =>
  run.runs[repetition - 1]?.id;
