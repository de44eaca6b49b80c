import type { ScoreRow } from '../scores/score-view.js';
import { decodeText } from '../db/text.js';
import { escapeHtml, page } from './page.js';
import { scoreList } from './trace-page.js';

/** One item of an experiment: the root of its trace. */
export interface RunItem {
  readonly trace_id: string;
  readonly item_id: string | null;
  readonly level: string;
  readonly start_time: Date;
}

/** The page of an experiment: its scores as a whole and its items, each with its trace. */
export function runPage(run: {
  readonly projectId: string;
  readonly name: string;
  readonly items: readonly RunItem[];
  readonly scores: readonly ScoreRow[];
}): string {
  const rows = run.items.map((item) => {
    const link = `/project/${encodeURIComponent(run.projectId)}/traces/${encodeURIComponent(item.trace_id)}`;
    return `<tr><td>${item.start_time.toISOString()}</td><td>${escapeHtml(decodeText(item.item_id ?? ''))}</td><td><a href="${escapeHtml(link)}">${escapeHtml(item.trace_id)}</a></td><td>${escapeHtml(item.level)}</td></tr>`;
  });
  const name = decodeText(run.name);
  return page(
    `Run ${name}`,
    `<h1>Run ${escapeHtml(name)}</h1>${scoreList(run.scores)}<table><thead><tr><th>Start</th><th>Item</th><th>Trace</th><th>Level</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
  );
}
