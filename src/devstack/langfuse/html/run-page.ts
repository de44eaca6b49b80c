import { decodeText } from '../db/text.js';
import type { ScoreRow } from '../scores/score-view.js';
import { excerptHtml, link, scoresHtml } from './item-cells.js';
import { escapeHtml, page } from './page.js';
import { scoreList } from './trace-page.js';

/** One item of an experiment: the root of its trace. */
export interface RunItem {
  readonly trace_id: string;
  readonly item_id: string | null;
  readonly input: string | null;
  readonly level: string;
  readonly start_time: Date;
}

/** The page of an experiment: its scores as a whole and its items, each with its trace and scores. */
export function runPage(run: {
  readonly projectId: string;
  readonly datasetId: string;
  readonly name: string;
  readonly items: readonly RunItem[];
  readonly scores: readonly ScoreRow[];
  readonly itemScores: readonly ScoreRow[];
}): string {
  const rows = run.items.map((item) => {
    const trace = link(['project', run.projectId, 'traces', item.trace_id], item.trace_id);
    return `<tr><td>${item.start_time.toISOString()}</td><td>${escapeHtml(decodeText(item.item_id ?? ''))}</td><td>${excerptHtml(item.input)}</td><td>${scoresHtml(run.itemScores, item.trace_id)}</td><td>${trace}</td><td>${escapeHtml(item.level)}</td></tr>`;
  });
  const name = decodeText(run.name);
  const trail = link(
    ['project', run.projectId, 'datasets', run.datasetId],
    'The dataset and all runs over it',
  );
  return page(
    `Run ${name}`,
    `<p class="muted">${trail}</p><h1>Run ${escapeHtml(name)}</h1>${scoreList(run.scores)}<table><thead><tr><th>Start</th><th>Item</th><th>Input</th><th>Scores</th><th>Trace</th><th>Level</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
    run.projectId,
  );
}
