/** The report: build the model from a stream of cells, then write it in any form. */
export { changedItem, itemChanges, type ItemChanges } from './changed-items.js';
export { csvForm, csvHeader, csvRow } from './csv.js';
export { renderHtml } from './html/page.js';
export { jsonLine, renderJson } from './json.js';
export { junitCase, junitEnd, junitStart, junitXml } from './junit.js';
export { renderMarkdown } from './markdown/render.js';
export { noneOkText, reasonText } from './none-ok.js';
export { createReportBuilder } from './report-builder.js';
export type { ReportCell } from './report-input.js';
export type { ReportModel, ReportPlatform, ReuseReport } from './report-model.js';
export { summaryTable } from './summary-table.js';
