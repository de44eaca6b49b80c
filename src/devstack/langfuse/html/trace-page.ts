import type { ObservationRow } from '../observations/observation-view.js';
import { decodeText } from '../db/text.js';
import type { ScoreRow } from '../scores/score-view.js';
import { commentHtml } from './comment.js';
import { excerptHtml, experimentLink, link, type ItemRoot, scoresHtml } from './item-cells.js';
import { escapeHtml, page } from './page.js';
import { blockHtml } from './value.js';

/** The page of one trace: its observations as a tree, each with input, output, latency and scores. */
export function tracePage(
  traceId: string,
  rows: readonly ItemRoot[],
  scores: readonly ScoreRow[],
): string {
  const known = new Set(rows.map((row) => row.id));
  const children = new Map<string, ObservationRow[]>();
  for (const row of rows) {
    // An unknown parent (or a row that names itself) is shown at the top rather than not at all.
    const parent = row.parent_id ?? '';
    const place = known.has(parent) && parent !== row.id ? parent : '';
    children.set(place, [...(children.get(place) ?? []), row]);
  }
  const shown = new Set<string>();
  const tree = (parent: string): string => {
    const branch = (children.get(parent) ?? []).map((row) => {
      // A span that was sent twice stands here twice, its children once; a circle of parents ends.
      const below = shown.has(row.id) ? '' : (shown.add(row.id), tree(row.id));
      return `<li>${observation(row, scores)}${below}</li>`;
    });
    return branch.length === 0 ? '' : `<ul class="tree">${branch.join('')}</ul>`;
  };
  const top = tree('');
  const lost = rows.filter((row) => !shown.has(row.id));
  const circle = lost.map((row) => `<li>${observation(row, scores)}</li>`).join('');
  const ofTrace = scores.filter((score) => score.observation_id === null);
  return page(
    `Trace ${traceId}`,
    `${trail(rows)}<h1>Trace <code>${escapeHtml(traceId)}</code></h1>${scoreList(ofTrace)}${top}${circle === '' ? '' : `<ul class="tree">${circle}</ul>`}`,
    rows[0]?.project_id,
  );
}

/** The way back: to the list of traces, and to the run that the trace is of. */
function trail(rows: readonly ItemRoot[]): string {
  const [first] = rows;
  if (first === undefined) return '';
  const parts: string[] = [];
  const root = rows.find((row) => row.experiment_id !== null && row.detail.experiment);
  if (root !== undefined) {
    parts.push(experimentLink(root));
    if (root.item_id !== null) parts.push(`item <strong>${text(root.item_id)}</strong>`);
  }
  return parts.length === 0 ? '' : `<p class="muted">${parts.join(' · ')}</p>`;
}

function observation(row: ObservationRow, scores: readonly ScoreRow[]): string {
  const latency =
    row.end_time === null ? '' : ` · ${row.end_time.getTime() - row.start_time.getTime()} ms`;
  const total = row.detail.usage?.['total'];
  const tokens = total === undefined ? '' : ` · ${total} tokens`;
  const status = decodeText(row.detail.statusMessage ?? '');
  return `<p><span class="badge">${escapeHtml(row.type)}</span> <strong>${text(row.name)}</strong>
<span class="muted">${row.start_time.toISOString()}${latency}${tokens}${row.model === '' ? '' : ` · ${text(row.model)}`}</span>
${row.level === 'DEFAULT' ? '' : `<span class="error">${escapeHtml(row.level)} ${escapeHtml(status)}</span>`}</p>
${block('Input', row.input)}${block('Output', row.output)}
${scoreList(scores.filter((score) => score.observation_id === row.id))}`;
}

function block(title: string, value: string | null | undefined): string {
  if (value === null || value === undefined) return '';
  return `<div class="muted">${title}</div>${blockHtml(decodeText(value))}`;
}

/** A table of scores; nothing where there are none. */
export function scoreList(scores: readonly ScoreRow[]): string {
  if (scores.length === 0) return '';
  const rows = scores.map(
    (score) =>
      `<tr><td>${text(score.name)}</td><td>${text(score.string_value ?? String(score.number_value))}</td><td>${commentHtml(decodeText(score.comment ?? ''))}</td></tr>`,
  );
  return `<table><thead><tr><th>Score</th><th>Value</th><th>Comment</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

const text = (value: string): string => escapeHtml(decodeText(value));

/** The list of the newest traces by their roots: what each is of, and what it came to. */
export function traceListPage(
  project: { readonly id: string; readonly name: string },
  roots: readonly ItemRoot[],
  scores: readonly ScoreRow[],
): string {
  const rows = roots.map((row) => {
    const name = decodeText(row.detail.traceName ?? row.name);
    const trace = link(['project', project.id, 'traces', row.trace_id], name);
    const run =
      row.experiment_id === null ? '' : ` <span class="muted">${experimentLink(row)}</span>`;
    return `<tr><td>${row.start_time.toISOString()}</td><td>${trace}${run}</td><td>${text(row.item_id ?? '')}</td><td>${excerptHtml(row.input)}</td><td>${scoresHtml(scores, row.trace_id)}</td><td>${text(row.environment)}</td><td>${escapeHtml(row.level)}</td></tr>`;
  });
  const body =
    rows.length === 0
      ? '<p class="muted">No trace is visible yet.</p>'
      : `<table><thead><tr><th>Start</th><th>Trace</th><th>Item</th><th>Input</th><th>Scores</th><th>Environment</th><th>Level</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  return page(
    `Traces of ${project.name}`,
    `<h1>Traces of ${escapeHtml(project.name)}</h1>${body}`,
    project.id,
  );
}
