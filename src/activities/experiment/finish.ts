import type { ExperimentActivities } from '../../contracts/experiment-protocol.js';
import type { PassRecord } from '../../contracts/pass.js';
import type { ExperimentStatus, PublicationCounts } from '../../contracts/records.js';
import { AssayError, type ErrorDocument } from '../../core/errors/assay-error.js';
import {
  createReportBuilder,
  renderHtml,
  renderJson,
  renderMarkdown,
  summaryTable,
  type ReportModel,
  type ReportPlatform,
} from '../../core/report/index.js';
import { withGateSection } from '../../core/gate/report-section.js';
import type { Json } from '../../core/json/json.js';
import type { Platform, PlatformRun } from '../../platforms/port.js';
import { putArtefact } from '../../store/artefacts.js';
import { streamResults } from '../../store/cell-results.js';
import { countCells, recountCells } from '../../store/cells.js';
import { finishExperiment } from '../../store/experiment-end.js';
import { getExperiment, type ExperimentRecord } from '../../store/experiments.js';
import { dropBodies } from '../../store/outbox.js';
import { findOpenPass, listPasses } from '../../store/passes/pass-records.js';
import { publicationCounts } from '../../store/publication.js';
import { withHeartbeat } from '../heartbeat.js';
import { endAfterPass, outcomeOfPass, recordedEnd } from './pass-close.js';
import { anchorReports } from './anchors.js';
import { keepCalibration } from './calibration.js';
import type { ExperimentPorts } from './ports.js';
import { standingComparison } from './standing-comparison.js';

/**
 * Ends a run: builds its report from the rows, keeps it, and records the final status. A failed run gets a report as
 * well: what is there is not thrown away.
 */
export function createFinish(ports: ExperimentPorts): ExperimentActivities['finishExperiment'] {
  return ({ experimentId, status: asked, error: told }) =>
    withHeartbeat(async (beat) => {
      if (!isEnd(asked)) throw new AssayError('INTERNAL', `A run cannot end as ${asked}.`);
      const record = await getExperiment(ports.store, experimentId);
      const publication = await publicationCounts(ports.store, experimentId);
      const pass = await findOpenPass(ports.store, experimentId);
      const { skipped, planned: rows } = await countCells(ports.store, experimentId);
      // A run that could not be planned to its end, or was cancelled before, is about the cells that it has.
      const planned = record.plannedAt === undefined ? rows : record.planned;
      const { status, error } = endAfterPass(
        { status: honestEnd(asked, publication), error: told },
        { pass, skipped, recorded: recordedEnd(record) },
      );
      const passOutcome =
        pass === undefined ? undefined : await outcomeOfPass(ports.store, experimentId, pass);
      const passes = (await listPasses(ports.store, experimentId)).map((each) =>
        each.finishedAt === undefined ? { ...each, outcome: passOutcome } : each,
      );
      const finishedAt = record.finishedAt ?? new Date().toISOString();
      const model = await buildReport(
        { record, planned, status, error, finishedAt, publication, passes, ports },
        (cells) => beat.tell({ step: 'report', cells }),
      );
      if (model !== undefined) await keepReport(ports, experimentId, model);
      if (record.manifest !== undefined) {
        await keepCalibration({ record, manifest: record.manifest, status }, ports, (cells) =>
          beat.tell({ step: 'calibration', cells }),
        );
      }
      await finishExperiment(ports.store, experimentId, {
        status,
        unfinished: skipped > 0,
        ...(model === undefined ? {} : { summary: summaryOf(model) }),
        ...(error === undefined ? {} : { error }),
        ...(passOutcome === undefined ? {} : { passOutcome }),
      });
      // Every record was read back, so nothing will have to be sent again (durability 19).
      if (status === 'completed' && record.spec.verify === 'full') {
        for (const { platform } of record.platformRuns) {
          beat.tell({ step: 'drop what was sent', platform });
          await dropBodies(ports.store, { experimentId, platform });
        }
      }
      return {
        experimentId,
        status,
        counts: await recountCells(ports.store, experimentId),
        ...(model === undefined ? {} : { headline: headlineOf(model) }),
        ...(error === undefined ? {} : { error }),
      };
    });
}

/** Keeps a report in each of its forms, with the verdict that stands on the run: a pass makes the report anew. */
async function keepReport(
  { store }: ExperimentPorts,
  experimentId: string,
  built: ReportModel,
): Promise<void> {
  const standing = await standingComparison(store, experimentId);
  const model = standing === undefined ? built : { ...built, comparison: standing.comparison };
  const markdown = renderMarkdown(model);
  const keep = (name: string, mediaType: string, body: string): Promise<void> =>
    putArtefact(store, { experimentId, name, mediaType, body });
  await keep('report.json', 'application/json', renderJson(model));
  await keep(
    'report.md',
    'text/markdown',
    standing === undefined ? markdown : withGateSection(markdown, standing.section),
  );
  await keep('report.html', 'text/html; charset=utf-8', renderHtml(model));
}

type End = 'completed' | 'completed_unverified' | 'cancelled' | 'failed';

const isEnd = (status: ExperimentStatus): status is End =>
  status === 'completed' ||
  status === 'completed_unverified' ||
  status === 'cancelled' ||
  status === 'failed';

/** A record that the platform refused for good is not there, also where nobody reads back. */
const honestEnd = (asked: End, publication: readonly PublicationCounts[]): End =>
  asked === 'completed' && publication.some(({ refused }) => refused > 0)
    ? 'completed_unverified'
    : asked;

async function buildReport(
  of: {
    record: ExperimentRecord;
    planned: number;
    status: End;
    error: ErrorDocument | undefined;
    finishedAt: string;
    publication: readonly PublicationCounts[];
    passes: readonly PassRecord[];
    ports: ExperimentPorts;
  },
  onProgress: (cells: number) => void,
): Promise<ReportModel | undefined> {
  const { record, planned, status, error, finishedAt, publication, passes, ports } = of;
  const { manifest, spec } = record;
  if (manifest === undefined) return undefined;
  const builder = createReportBuilder({
    project: record.project,
    experiment: record.name,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    runUid: record.runUid,
    manifest,
    manifestHash: record.manifestHash ?? '',
    ...(spec.dataset.version === undefined ? {} : { datasetVersion: spec.dataset.version }),
    status,
    ...(error === undefined ? {} : { error }),
    startedAt: record.startedAt ?? record.createdAt,
    finishedAt,
    planned,
    concurrency: record.concurrency,
    seed: record.seed,
    reuse: spec.reuse,
    ...(spec.quick === undefined ? {} : { sampleAsked: spec.quick.items }),
    verify: spec.verify,
    ...(spec.trace === undefined ? {} : { trace: spec.trace }),
    passes,
    platforms: record.platformRuns.map((run) => reportPlatform(run, ports)),
    publication,
    anchors: await anchorReports(record, ports),
    links: record.platformRuns.flatMap(({ platform: name, projectId }) => {
      const url = platformOf(ports, name)?.tracesUrl?.(projectId);
      return url === undefined ? [] : [{ label: `${name}: traces`, url }];
    }),
  });
  const [first] = record.platformRuns;
  const platform = platformOf(ports, first?.platform);
  let cells = 0;
  for await (const cell of streamResults(ports.store, record.id)) {
    const { traceId } = cell;
    builder.add({
      ...cell,
      traceId: traceId ?? '',
      ...(traceId === undefined || platform === undefined || first === undefined
        ? {}
        : { traceUrl: platform.traceUrl(first.projectId, traceId, { ...cell, run: first }) }),
    });
    cells += 1;
    if (cells % 500 === 0) onProgress(cells);
  }
  return builder.finish();
}

const platformOf = (ports: ExperimentPorts, name: string | undefined): Platform | undefined =>
  ports.platforms.find((each) => each.name === name);

function reportPlatform(run: PlatformRun, ports: ExperimentPorts): ReportPlatform {
  const platform = platformOf(ports, run.platform);
  return {
    platform: run.platform,
    project: run.projectId,
    runs: run.runs.map(({ name, id }) => {
      const url = platform?.runUrl?.(run, id);
      return url === undefined ? { name } : { name, url };
    }),
    ...(run.prompt === undefined ? {} : { prompt: run.prompt }),
  };
}

/** What `status` and `list` show of a run that has ended, without its report. */
function summaryOf(model: ReportModel): Json {
  const { headings, rows } = summaryTable([model]);
  const { reuse } = model;
  return {
    headings: [...headings],
    row: [...(rows[0] ?? [])],
    ...(reuse === null ? {} : { reuse: JSON.parse(JSON.stringify(reuse)) as Json }),
  };
}

/** One line for the Temporal UI: each score with its denominator. */
function headlineOf(model: ReportModel): string {
  const { headings, rows } = summaryTable([model]);
  const row = rows[0] ?? [];
  return headings
    .map((heading, index) => `${heading}: ${row[index] ?? '—'}`)
    .slice(2)
    .join('; ');
}
