import { reportSchema } from '../contracts/report/report.js';
import { renderHtml, renderJson, renderMarkdown, type ReportModel } from '../core/report/index.js';
import { getArtefact } from '../store/artefacts.js';
import type { Store } from '../store/store.js';

/** The forms in which a report is made at the end of a run and kept. */
export type ReportFormat = 'markdown' | 'json' | 'html';

/** Under which name each form is kept, and how it is made. */
export const reportForms: Readonly<
  Record<ReportFormat, { readonly name: string; readonly render: (model: ReportModel) => string }>
> = {
  markdown: { name: 'report.md', render: renderMarkdown },
  json: { name: 'report.json', render: renderJson },
  html: { name: 'report.html', render: renderHtml },
};

/**
 * A report as it was made at the end of its run, or undefined where there is none (yet). Runs of a version that did not make
 * this form have it made from their figures.
 */
export async function keptReport(
  of: { readonly store: Store; readonly experimentId: string },
  format: ReportFormat,
): Promise<string | undefined> {
  const { store, experimentId } = of;
  const { name, render } = reportForms[format];
  const artefact = await getArtefact(store, { experimentId, name });
  if (artefact !== undefined) return artefact.body.toString('utf8');
  const figures = await getArtefact(store, { experimentId, name: reportForms.json.name });
  if (figures === undefined) return undefined;
  const parsed = reportSchema.safeParse(JSON.parse(figures.body.toString('utf8')));
  return parsed.success ? render(parsed.data) : undefined;
}
