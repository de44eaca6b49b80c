import type { ErrorDocument } from '../../../../src/core/errors/assay-error.js';
import { createReportBuilder } from '../../../../src/core/report/report-builder.js';
import type { ReportCell, ReportHeader } from '../../../../src/core/report/report-input.js';
import type { ReportModel } from '../../../../src/core/report/report-model.js';
import type { ScoreRecord } from '../../../../src/contracts/records.js';
import { sampleHeader } from './sample-run.js';

/** A header for a run of so many cells. */
export function header(planned: number, changes: Partial<ReportHeader> = {}): ReportHeader {
  return { ...sampleHeader, planned, publication: [], ...changes };
}

/** A cell that ended ok, with what differs. */
export function cell(itemId: string, changes: Partial<ReportCell> = {}): ReportCell {
  return {
    cellId: `cell-${itemId}-${changes.repetition ?? 1}`,
    itemId,
    repetition: 1,
    revision: 1,
    status: 'ok',
    output: 'an answer',
    evaluatorFailures: [],
    scores: [],
    calls: [],
    startedAt: '2026-03-02T09:00:00.000Z',
    endedAt: '2026-03-02T09:00:01.000Z',
    latencyMs: 100,
    targetCostPico: undefined,
    judgeCostPico: undefined,
    usage: { inputTokens: 0, outputTokens: 0 },
    sanitised: false,
    attempts: 1,
    item: { id: itemId, input: { question: 'why?' }, metadata: {} },
    traceId: '0'.repeat(32),
    ...changes,
  };
}

/** A truth of an evaluator, passed where it is true. */
export function truth(evaluator: string, value: boolean): ScoreRecord {
  return { name: evaluator, evaluator, value: { type: 'BOOLEAN', value }, passed: value };
}

/** A number without a notion of passing. */
export function numeric(evaluator: string, value: number): ScoreRecord {
  return { name: evaluator, evaluator, value: { type: 'NUMERIC', value } };
}

export function failure(code: string, message: string): ErrorDocument {
  return { code, title: `Title of ${code}`, message, problems: [] };
}

/** The report of these cells. */
export function report(cells: Iterable<ReportCell>, of: ReportHeader): ReportModel {
  const builder = createReportBuilder(of);
  for (const each of cells) builder.add(each);
  return builder.finish();
}
