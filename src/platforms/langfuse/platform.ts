import { patiently } from '../patience.js';
import type { OutboxRecord, Platform } from '../port.js';
import { createDatasetItems } from './dataset-items.js';
import { ensureDataset } from './datasets.js';
import { createServerGeneration } from './generation.js';
import { encodeRunScores } from './encode-run-scores.js';
import { encodeScores, maxScoresBytes } from './encode-scores.js';
import { shortText } from '../trace/field-text.js';
import { readOptions, type LangfuseOptions } from './options.js';
import { patientReads } from './patient-reads.js';
import { readApis } from './read-apis.js';
import { createTraceSink } from './import/sink.js';
import { createPromptLibrary } from './prompt-library.js';
import { createPlatformDatasets } from './platform-datasets.js';
import { createRest } from './rest.js';
import { sendExport } from './send.js';
import { checkProject, describeServer, readServerFacts } from './server-facts.js';
import { createTransport } from './keyed-transport.js';
import type { Transport } from '../http/transport.js';
import { deleteScore, deleteTraces } from './deletions.js';
import { encodeJudgementSpans, encodeSpans, maxSpansBytes } from './v4/encode-spans.js';
import { createExportLooks } from './v3/export-looks.js';
import { isForLegacy } from './v3/run-item.js';
import { createRunIds } from './v3/run-ids.js';
import { needsLegacySending, sendLegacy } from './v3/send.js';

export type { LangfuseOptions } from './options.js';

/**
 * Langfuse as a platform: 4 in any write mode, and 3 from 3.63. Which of them it is, the server is asked; it may be upgraded
 * while a run is published to it.
 *
 * @throws AssayError ENVIRONMENT_INVALID where an option cannot be used; no request is made here.
 *
 * @example
 * const platform = createLangfusePlatform({
 *   baseUrl: 'https://cloud.langfuse.com',
 *   publicKey: 'pk-lf-…',
 *   secretKey: 'sk-lf-…',
 *   environment: 'assay',
 * });
 * const { version, projectName } = await platform.describe(AbortSignal.timeout(10_000));
 */
export function createLangfusePlatform(options: LangfuseOptions): Platform {
  const settings = readOptions(options);
  const transport = watchNotFound(createTransport(settings), () => {
    server.notFound();
  });
  const rest = createRest(settings, transport);
  const server = createServerGeneration((signal) => readServerFacts(rest, signal));
  const runIds = createRunIds();
  const looks = createExportLooks();
  const ownProjects = new Set<string>();
  const restOfPlan = patientReads(rest);
  const restOfRun = createRest(settings, transport, 'known');
  const restOfReadBack = patientReads(restOfRun);
  const items = createDatasetItems(restOfPlan);
  const projectUrl = (projectId: string, ...path: readonly string[]): string =>
    [settings.webUrl, 'project', ...[projectId, ...path].map(encodeURIComponent)].join('/');
  const prompts = createPromptLibrary(rest, settings.promptTurns, (projectId, name) =>
    projectUrl(projectId, 'prompts', name),
  );
  const traceUrl = (projectId: string, traceId: string): string =>
    projectUrl(projectId, 'traces', traceId);
  const datasets = createPlatformDatasets({ rest, known: restOfRun }, projectUrl);

  return {
    name: 'langfuse',
    prompts,
    limits: {
      spans: { maxBytes: maxSpansBytes, maxRecords: 100, maxIds: 1_000 },
      scores: { maxBytes: maxScoresBytes, maxRecords: 100, maxIds: 100 },
    },
    describe: async (signal) => describeServer(rest, await server.look(signal), signal),
    datasets,
    traceSink: createTraceSink({ rest: restOfReadBack, server, settings }),
    // These look for what is asked for before they make it, so they may be repeated as a whole.
    ensureDataset: (dataset, signal) =>
      patiently(signal, () => ensureDataset(rest, dataset, signal)),
    ensurePrompt: async (prompt, signal) => {
      const { version } = await prompts.ensure(prompt, signal);
      return { version: Number(version) };
    },
    ensureItems: (request) => items.ensure(request),
    foreseeItems: (request) => items.foresee(request),
    readItems: (request) => items.read(request),
    async refuseTakenName({ experiment, datasetName, signal }) {
      const dataset = await datasets.get(datasetName, signal);
      if (dataset === undefined) return;
      // Of nobody: whatever stands there is another's. Nothing is made by it here, and a run has its first repetition at any rate.
      const context = { experiment, runUid: '' };
      const request = { context, datasetId: dataset.id, datasetName, repetitions: 1, signal };
      await server.call({ assumed: undefined, signal }, (generation) =>
        readApis[generation].prepareRun(rest, request),
      );
    },
    prepareRun: (request) =>
      server.call({ assumed: undefined, signal: request.signal }, (generation) =>
        patiently(request.signal, () => readApis[generation].prepareRun(rest, request)),
      ),
    checkRun: async (run, signal) => {
      // Keys are of one project for good.
      if (ownProjects.has(run.projectId)) return;
      await checkProject(rest, run, signal);
      ownProjects.add(run.projectId);
    },
    encodeCell: (cell, item, run) => {
      const scores = encodeScores(cell, run, settings.environment);
      const records: OutboxRecord[] = [encodeSpans({ cell, item, run, settings })];
      return scores === undefined ? records : [...records, scores];
    },
    encodeJudgement: ({ cell, item, run, ...judgement }) =>
      [
        encodeJudgementSpans({ cell, item, run, settings, judgement }),
        encodeScores(cell, run, settings.environment),
      ].filter((record) => record !== undefined),
    encodeRunScores: (request) => encodeRunScores(request, settings.environment),
    send: (batch, signal, mayLeave) =>
      needsLegacySending(batch)
        ? sendLegacy(batch, {
            transport,
            rest: restOfRun,
            server,
            runIds,
            looks,
            publicKey: settings.publicKey,
            signal,
            mayLeave,
          })
        : sendExport(transport, batch, { signal, mayLeave }),
    findExport: (batch, signal) =>
      server.call({ assumed: isForLegacy(batch) ? 'v3' : 'v4', signal }, (generation) =>
        readApis[generation].findExport(restOfRun, batch, { looks, signal }),
      ),
    readBack: (request) =>
      server.stream({ assumed: request.run.generation, signal: request.signal }, (generation) => {
        const { environment } = settings;
        const known = runIds;
        return request.kind === 'spans'
          ? readApis[generation].readBackSpans(restOfReadBack, request)
          : readApis[generation].readBackScores(restOfReadBack, { ...request, environment, known });
      }),
    deleteTraces: (traceIds, signal) => deleteTraces(restOfRun, traceIds, signal),
    deleteScore: (scoreId, signal) => deleteScore(restOfRun, scoreId, signal),
    traceUrl,
    tracesUrl: (projectId) => projectUrl(projectId, 'traces'),
    runUrl: (run, runId) => {
      const page = [run.projectId, 'datasets', run.datasetId] as const;
      if (run.generation !== 'v3') return projectUrl(...page, 'runs', runId);
      const name = run.runs.find(({ id }) => id === runId)?.name ?? '';
      const there = runIds.get({ datasetId: run.datasetId, runName: shortText(name) });
      // The dataset's page lists its runs; only who sent or looked for this one knows its id there.
      return there === undefined ? projectUrl(...page) : projectUrl(...page, 'runs', there);
    },
    readTrace: (traceId, signal) =>
      server.call({ assumed: undefined, signal }, (generation) =>
        readApis[generation].readTrace(rest, traceId, { traceUrl, signal }),
      ),
    close: () => transport.close(),
  };
}

/** Tells of each answer that knows no such route or thing: the server may be of the other generation by now. */
function watchNotFound(transport: Transport, onNotFound: () => void): Transport {
  return {
    ...transport,
    exchange: async (request) => {
      const answer = await transport.exchange(request);
      if (answer.status === 404) onNotFound();
      return answer;
    },
  };
}
