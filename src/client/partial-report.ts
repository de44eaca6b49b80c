import { AssayError } from '../core/errors/assay-error.js';
import { createReportBuilder, type ReportModel } from '../core/report/index.js';
import type { Platform } from '../platforms/port.js';
import { streamResults } from '../store/cell-results.js';
import type { ExperimentRecord } from '../store/experiments.js';
import { publicationCounts } from '../store/publication.js';
import type { Store } from '../store/store.js';

/**
 * The report of what is there while a run goes on. Its figures are those of the cells that have ended, each against all that
 * are planned; it is made anew for each call and kept nowhere.
 *
 * @throws AssayError REPORT_NOT_READY while nothing is planned.
 */
export async function partialReport(
  record: ExperimentRecord,
  { store, platforms }: { readonly store: Store; readonly platforms: readonly Platform[] },
): Promise<ReportModel> {
  const { manifest, spec } = record;
  if (manifest === undefined || record.plannedAt === undefined) {
    throw new AssayError('REPORT_NOT_READY', `"${record.name}" has no plan yet.`, {
      mend: 'Ask again once its cells run.',
    });
  }
  const [first] = record.platformRuns;
  const platform = platforms.find(({ name }) => name === first?.platform);
  const builder = createReportBuilder({
    project: record.project,
    experiment: record.name,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    runUid: record.runUid,
    manifest,
    manifestHash: record.manifestHash ?? '',
    ...(spec.dataset.version === undefined ? {} : { datasetVersion: spec.dataset.version }),
    status: record.status,
    startedAt: record.startedAt ?? record.createdAt,
    finishedAt: new Date().toISOString(),
    planned: record.planned,
    concurrency: record.concurrency,
    seed: record.seed,
    reuse: spec.reuse,
    ...(spec.quick === undefined ? {} : { sampleAsked: spec.quick.items }),
    verify: spec.verify,
    ...(spec.trace === undefined ? {} : { trace: spec.trace }),
    platforms: record.platformRuns.map((run) => ({
      platform: run.platform,
      project: run.projectId,
      runs: run.runs.map(({ name }) => ({ name })),
      ...(run.prompt === undefined ? {} : { prompt: run.prompt }),
    })),
    publication: await publicationCounts(store, record.id),
    links: [],
  });
  for await (const cell of streamResults(store, record.id)) {
    const { traceId } = cell;
    builder.add({
      ...cell,
      traceId: traceId ?? '',
      ...(traceId === undefined || first === undefined || platform === undefined
        ? {}
        : { traceUrl: platform.traceUrl(first.projectId, traceId, { ...cell, run: first }) }),
    });
  }
  return builder.finish();
}
