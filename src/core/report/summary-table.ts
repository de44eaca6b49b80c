import { formatPico, picoFromDollars } from '../money/pico.js';
import { duration, figure, nOf, percent } from './figures.js';
import type { ReportModel, ScoreReport } from './report-model.js';

/** A table of plain text, one row per run. Not escaped: whoever prints it escapes for that channel. */
export interface SummaryTable {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * Runs beside each other: cells, each score (with its n, since runs differ in it), latency and cost. A score that a
 * run does not have is `—`.
 */
export function summaryTable(models: readonly ReportModel[]): SummaryTable {
  const names = [...new Set(models.flatMap((model) => scoresOf(model).map(({ name }) => name)))];
  return {
    headings: ['Experiment', 'Status', 'Cells ok', ...names, 'p50', 'p95', 'Cost'],
    rows: models.map((model) => rowOf(model, names)),
  };
}

function scoresOf(model: ReportModel): readonly ScoreReport[] {
  return model.evaluators.flatMap(({ scores }) => scores);
}

function rowOf(model: ReportModel, names: readonly string[]): readonly string[] {
  const { run, cells, latencyMs, calls } = model;
  const scores = scoresOf(model);
  const { costKnown, costUnknown, costDollars } = calls.total;
  // Of a run that took everything over, that nothing was paid is known.
  const nothingPaid = model.reuse !== null && model.reuse.cells > 0 && costUnknown === 0;
  const cost = costKnown === 0 && !nothingPaid ? '—' : formatPico(picoFromDollars(costDollars));
  return [
    run.experiment,
    run.status,
    nOf(cells.ok, cells.planned),
    ...names.map((name) => scoreText(scores.find((score) => score.name === name))),
    latencyMs === null ? '—' : duration(latencyMs.p50),
    latencyMs === null ? '—' : duration(latencyMs.p95),
    costUnknown > 0 && costKnown > 0 ? `${cost} + ${costUnknown} unknown` : cost,
  ];
}

function scoreText(score: ScoreReport | undefined): string {
  if (score === undefined) return '—';
  if (score.passRate !== null) {
    const { rate, passed, n } = score.passRate;
    return `${percent(rate)} (${nOf(passed, n)})`;
  }
  if (score.numeric !== null) return `${figure(score.numeric.mean)} (n = ${score.numeric.n})`;
  const top = score.categories?.labels[0];
  return top === undefined ? `n = ${score.n}` : `${top.label} (${nOf(top.n, score.n)})`;
}
