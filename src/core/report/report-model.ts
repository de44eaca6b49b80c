/** The types of a report by their names; their schemas are the contract of `report.json`. */
export type { AnchorReport, JudgeDrift } from '../../contracts/report/anchors.js';
export type { CallReport, CallTotals, ReuseReport } from '../../contracts/report/calls.js';
export type {
  ChangedItem,
  ComparisonResult,
  ReportComparison,
  ScoreComparison,
} from '../../contracts/report/comparison.js';
export type {
  ErrorExample,
  ErrorGroup,
  FailedScore,
  FailureExample,
  FailurePattern,
  FailureReport,
  FlakyItem,
  FlakyReport,
  ItemScore,
  NamedLine,
  WorstItem,
} from '../../contracts/report/failures.js';
export type { Distribution, Excerpt, RateReport } from '../../contracts/report/figures.js';
export type {
  Finding,
  ReportCells,
  ReportModel,
  Steadiness,
} from '../../contracts/report/report.js';
export type { ReportPass, ReportPlatform, ReportRun } from '../../contracts/report/run.js';
export type {
  ClassReport,
  ConfusionReport,
  EvaluatorReport,
  FieldBreakdown,
  FieldValue,
  NumericReport,
  ScoreReport,
} from '../../contracts/report/scores.js';
