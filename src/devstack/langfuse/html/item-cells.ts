import { decodeText } from '../db/text.js';
import type { ObservationRow } from '../observations/observation-view.js';
import type { ScoreRow } from '../scores/score-view.js';
import { escapeHtml } from './page.js';

/** An observation with what it says of the experiment that it is of. */
export interface ItemRoot extends ObservationRow {
  readonly experiment_id: string | null;
  /** The item's own id where the trace tells it, else its id on the platform. */
  readonly item_id: string | null;
}

const excerptLength = 80;

/** A link to a page of ours; the parts of the path and the text are anybody's. */
export function link(path: readonly string[], text: string): string {
  const href = path.map((part) => `/${encodeURIComponent(part)}`).join('');
  return `<a href="${escapeHtml(href)}">${escapeHtml(text)}</a>`;
}

/** The page of a run. */
export function experimentPath(run: {
  readonly projectId: string;
  readonly datasetId: string;
  readonly runId: string;
}): readonly string[] {
  return ['project', run.projectId, 'datasets', run.datasetId, 'runs', run.runId];
}

/** A link to the run that an observation is of; its name alone where the observation does not say of which dataset. */
export function experimentLink({ project_id, experiment_id, detail }: ItemRoot): string {
  const { name = '', datasetId = '' } = detail.experiment ?? {};
  const shown = decodeText(name) || (experiment_id ?? '');
  if (datasetId === '' || experiment_id === null) return escapeHtml(shown);
  const path = experimentPath({ projectId: project_id, datasetId, runId: experiment_id });
  return link(path, `run ${shown}`);
}

/** The beginning of an input. */
export function excerptHtml(input: string | null | undefined): string {
  const whole = decodeText(input ?? '').replaceAll(/\s+/g, ' ');
  const shown =
    whole.length > excerptLength ? `${whole.slice(0, excerptLength).toWellFormed()}…` : whole;
  return escapeHtml(shown);
}

/** The scores of one trace, short. */
export function scoresHtml(scores: readonly ScoreRow[], traceId: string): string {
  return scores
    .filter((score) => score.trace_id === traceId)
    .map(({ name, string_value, number_value }) => {
      const value = string_value ?? String(number_value);
      return `${escapeHtml(decodeText(name))} ${escapeHtml(decodeText(value))}`;
    })
    .join('<br>');
}
