/** The report: build the model from a stream of cells, then write it in any form. */
export { renderJson } from './json.js';
export { renderMarkdown } from './markdown/render.js';
export { createReportBuilder } from './report-builder.js';
export type { ReportModel } from './report-model.js';
export { summaryTable } from './summary-table.js';
