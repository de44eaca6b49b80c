import type { ReportModel } from '../report-model.js';
import type { Content } from './markup.js';

export function comparisonSection(_model: ReportModel): Content {
  return null;
}
