import type { ScoreRecord } from '../../contracts/records.js';
import { workMs } from '../experiment/work-time.js';
import { CallTally } from './call-tally.js';
import { failedScores, informativeEvaluators } from './cell-passed.js';
import { CellTally } from './cell-tally.js';
import type { LabelPair } from './confusion-tally.js';
import { cellDollars } from './cell-dollars.js';
import { DistributionTally } from './distribution-tally.js';
import { ErrorTally } from './error-tally.js';
import { EvaluatorTally, reachedEvaluators } from './evaluator-tally.js';
import { FailureTally } from './failure-tally.js';
import { FieldTally } from './field-tally.js';
import { gatherFindings } from './findings.js';
import { ItemTally } from './item-tally.js';
import type { ReportCell, ReportHeader } from './report-input.js';
import type { ReportModel, ReportRun } from './report-model.js';
import { passReport } from './pass-report.js';
import { ReuseTally } from './reuse-tally.js';

/** Takes the cells of a run one by one and gives its report. */
export interface ReportBuilder {
  /**
   * Takes one cell that has ended, in its last revision, each cell once. Cells of one item (its repetitions) must
   * come one after another, so that intervals can treat them as one cluster; the order is free otherwise.
   *
   * @throws AssayError INTERNAL where more cells come than were planned.
   */
  add(cell: ReportCell): void;
  /** The report of all cells so far; cells that are missing count as pending. */
  finish(): ReportModel;
}

/**
 * Builds a report in memory that does not grow with the cells, but for 8 bytes per value of a numeric score, per
 * latency and per cost of a cell, up to 2 MB each; past 262,144 values their percentiles are of a uniform sample.
 *
 * @example
 * const builder = createReportBuilder(header);
 * for await (const cell of cells) builder.add(cell);
 * const markdown = renderMarkdown(builder.finish());
 */
export function createReportBuilder(header: ReportHeader): ReportBuilder {
  const informative = informativeEvaluators(header.manifest.evaluators);
  const cells = new CellTally(header.planned, informative);
  const evaluators = header.manifest.evaluators.map((identity) => new EvaluatorTally(identity));
  const latency = new DistributionTally();
  const dollars = new DistributionTally();
  const calls = new CallTally();
  const errors = new ErrorTally();
  const failures = new FailureTally(informative);
  const fields = new FieldTally(informative);
  const items = new ItemTally(header.manifest.repetitions > 1, informative);
  const reuse = new ReuseTally(header.manifest.evaluators.map(({ name }) => name));
  return {
    add(cell) {
      cells.add(cell);
      for (const evaluator of evaluators) evaluator.add(cell);
      if (reachedEvaluators(cell)) latency.add(cell.latencyMs);
      dollars.add(cellDollars(cell));
      for (const call of cell.calls) calls.add(call);
      errors.add(cell);
      failures.add(cell, failedPair(failedScores(cell, informative), { cell, evaluators }));
      fields.add(cell);
      items.add(cell);
      reuse.add(cell);
    },
    finish() {
      const evaluatorReports = evaluators.map((evaluator) => evaluator.report(header.planned));
      const fewLabels = evaluatorReports.some(({ confusion }) => confusion !== null);
      const parts = {
        cells: cells.report(),
        evaluators: evaluatorReports,
        failures: failures.report(fewLabels),
        errors: errors.report(),
      };
      return {
        format: 'assay-report',
        version: 1,
        run: runOf(header),
        ...parts,
        overall: cells.overall(),
        steadiness: cells.steadiness(),
        findings: gatherFindings({
          ...parts,
          fields: fields.findings(),
          verified: header.verify === 'full' ? header.publication : [],
        }),
        comparison: header.comparison ?? null,
        worstItems: items.worst(),
        flaky: items.flaky(),
        breakdowns: fields.report(),
        latencyMs: latency.report(),
        cellDollars: dollars.report(),
        calls: calls.report(),
        reuse: reuse.report(header.reuse === true),
        publication: header.publication,
        anchors: header.anchors ?? [],
      };
    },
  };
}

/** The labels that a failed score compared; of evaluators over free text none. */
function failedPair(
  scores: readonly ScoreRecord[],
  of: { readonly cell: ReportCell; readonly evaluators: readonly EvaluatorTally[] },
): LabelPair | undefined {
  const failed = new Set(scores.map((score) => score.evaluator));
  for (const evaluator of of.evaluators) {
    const pair = failed.has(evaluator.name) ? evaluator.pairOf(of.cell) : undefined;
    if (pair !== undefined) return pair;
  }
  return undefined;
}

function runOf(header: ReportHeader): ReportRun {
  const { manifest } = header;
  return {
    project: header.project,
    experiment: header.experiment,
    description: header.description ?? null,
    runUid: header.runUid,
    manifestHash: header.manifestHash,
    status: header.status,
    error: header.error ?? null,
    startedAt: header.startedAt,
    finishedAt: header.finishedAt,
    durationMs: workMs({
      startedAt: header.startedAt,
      endedAt: header.finishedAt,
      passes: header.passes ?? [],
    }),
    dataset: {
      ...manifest.dataset,
      version: header.datasetVersion ?? null,
      sample: manifest.dataset.sample ?? null,
      sampleAsked: header.sampleAsked ?? null,
    },
    target: manifest.target,
    evaluators: manifest.evaluators,
    repetitions: manifest.repetitions,
    concurrency: header.concurrency,
    seed: header.seed,
    verify: header.verify,
    ...(header.trace === undefined ? {} : { trace: header.trace }),
    passes: (header.passes ?? []).map((pass) => passReport(pass, header)),
    platforms: header.platforms,
    links: header.links,
  };
}
