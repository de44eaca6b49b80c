import type { ReportComparison } from '../../contracts/report/comparison.js';
import { reportSchema } from '../../contracts/report/report.js';
import type { GateReport } from '../../core/gate/gate-report.js';
import { gateMarkdown } from '../../core/gate/markdown.js';
import { withGateSection } from '../../core/gate/report-section.js';
import { renderHtml, renderJson, renderMarkdown } from '../../core/report/index.js';
import { getArtefact, putArtefact } from '../../store/artefacts.js';
import type { Store } from '../../store/store.js';

/**
 * Writes a verdict into the report of the run that it is on, in each of its forms, and beside it. The last verdict counts;
 * repeats change nothing. A run without a report has none afterwards either.
 */
export async function writeToReport(
  store: Store,
  of: {
    readonly experimentId: string;
    readonly report: GateReport;
    readonly comparison: ReportComparison;
  },
): Promise<void> {
  const { experimentId, report, comparison } = of;
  const section = gateMarkdown(report);
  const keep = (name: string, mediaType: string, body: string): Promise<void> =>
    putArtefact(store, { experimentId, name, mediaType, body });
  await keep('gate.json', 'application/json', `${JSON.stringify(report, undefined, 2)}\n`);
  await keep('gate.md', 'text/markdown', section);
  const kept = await getArtefact(store, { experimentId, name: 'report.json' });
  if (kept === undefined) return;
  const figures = reportSchema.safeParse(JSON.parse(kept.body.toString('utf8')));
  // Written by a version that reports otherwise: what it said stays as it is.
  if (!figures.success) return;
  const model = { ...figures.data, comparison };
  await keep('report.json', 'application/json', renderJson(model));
  await keep('report.md', 'text/markdown', withGateSection(renderMarkdown(model), section));
  await keep('report.html', 'text/html; charset=utf-8', renderHtml(model));
}
