import { decodeText } from '../db/text.js';
import type { ScoreRow } from '../scores/score-view.js';
import { excerptHtml, experimentPath, link, scoresHtml } from './item-cells.js';
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
  const trail = [
    link(['project', run.projectId, 'traces'], 'All traces'),
    link(['project', run.projectId, 'datasets', run.datasetId], 'All runs over this dataset'),
  ].join(' · ');
  return page(
    `Run ${name}`,
    `<p class="muted">${trail}</p><h1>Run ${escapeHtml(name)}</h1>${scoreList(run.scores)}<table><thead><tr><th>Start</th><th>Item</th><th>Input</th><th>Scores</th><th>Trace</th><th>Level</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
  );
}

/** A run over a dataset, as the dataset's page lists it. */
export interface DatasetRun {
  readonly run_id: string;
  readonly name: string | null;
  readonly items: number;
  readonly last: Date;
}

/** The page of a dataset: the runs over it, the newest first. */
export function datasetPage(dataset: {
  readonly projectId: string;
  readonly datasetId: string;
  readonly name: string;
  readonly runs: readonly DatasetRun[];
}): string {
  const { projectId, datasetId } = dataset;
  const rows = dataset.runs.map(({ run_id: runId, name, items, last }) => {
    const run = link(experimentPath({ projectId, datasetId, runId }), decodeText(name ?? runId));
    return `<tr><td>${last.toISOString()}</td><td>${run}</td><td>${items}</td></tr>`;
  });
  const title = `Dataset ${decodeText(dataset.name)}`;
  return page(
    title,
    `<p class="muted">${link(['project', projectId, 'traces'], 'All traces')}</p><h1>${escapeHtml(title)}</h1><table><thead><tr><th>Last trace</th><th>Run</th><th>Traces</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
  );
}
