import { patiently } from '../patience.js';
import type { OutboxRecord, Platform } from '../port.js';
import { createDatasetItems } from './dataset-items.js';
import { ensureDataset } from './datasets.js';
import { encodeRunScores } from './encode-run-scores.js';
import { encodeScores, maxScoresBytes } from './encode-scores.js';
import { readOptions, type LangfuseOptions } from './options.js';
import { patientReads } from './patient-reads.js';
import { createPlatformDatasets } from './platform-datasets.js';
import { createPrompts } from './prompts.js';
import { createRest } from './rest.js';
import { sendExport } from './send.js';
import { describeServer } from './server-facts.js';
import { createTransport } from './transport.js';
import { deleteScore, deleteTraces } from './deletions.js';
import { encodeJudgementSpans, encodeSpans, maxSpansBytes } from './v4/encode-spans.js';
import { findExport, readBackScores, readBackSpans } from './v4/read-back.js';
import { prepareRun } from './v4/runs.js';
import { readTrace } from './v4/trace.js';

export type { LangfuseOptions } from './options.js';

/**
 * Langfuse 4 (write mode `events_only` or `dual`) as a platform.
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
  const transport = createTransport(settings);
  const rest = createRest(settings, transport);
  const restOfPlan = patientReads(rest);
  const restOfRun = createRest(settings, transport, 'known');
  const restOfReadBack = patientReads(restOfRun);
  const items = createDatasetItems(restOfPlan);
  const prompts = createPrompts(rest);
  const projectUrl = (projectId: string, ...path: readonly string[]): string =>
    [settings.baseUrl, 'project', ...[projectId, ...path].map(encodeURIComponent)].join('/');
  const traceUrl = (projectId: string, traceId: string): string =>
    projectUrl(projectId, 'traces', traceId);

  return {
    name: 'langfuse',
    limits: {
      spans: { maxBytes: maxSpansBytes, maxRecords: 100, maxIds: 1_000 },
      scores: { maxBytes: maxScoresBytes, maxRecords: 100, maxIds: 100 },
    },
    describe: (signal) => describeServer(rest, signal),
    datasets: createPlatformDatasets({ rest, known: restOfRun }, projectUrl),
    // These look for what is asked for before they make it, so they may be repeated as a whole.
    ensureDataset: (dataset, signal) =>
      patiently(signal, () => ensureDataset(rest, dataset, signal)),
    ensurePrompt: (prompt, signal) => patiently(signal, () => prompts.ensure(prompt, signal)),
    ensureItems: (request) => items.ensure(request),
    foreseeItems: (request) => items.foresee(request),
    readItems: (request) => items.read(request),
    prepareRun: (request) => patiently(request.signal, () => prepareRun(rest, request)),
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
    send: (batch, signal, mayPost) => sendExport(transport, batch, { signal, mayLeave: mayPost }),
    findExport: (batch, signal) => findExport(restOfRun, batch, signal),
    readBack: (request) =>
      request.kind === 'spans'
        ? readBackSpans(restOfReadBack, request)
        : readBackScores(restOfReadBack, {
            traceIds: request.traceIds,
            runIds: request.runIds,
            environment: settings.environment,
            from: request.from,
            signal: request.signal,
          }),
    deleteTraces: (traceIds, signal) => deleteTraces(restOfRun, traceIds, signal),
    deleteScore: (scoreId, signal) => deleteScore(restOfRun, scoreId, signal),
    traceUrl,
    tracesUrl: (projectId) => projectUrl(projectId, 'traces'),
    runUrl: (run, runId) => projectUrl(run.projectId, 'datasets', run.datasetId, 'runs', runId),
    readTrace: (traceId, signal) => readTrace(rest, traceId, { traceUrl, signal }),
    close: () => transport.close(),
  };
}
