import { decodeText } from '../db/text.js';
import { experimentPath, link } from './item-cells.js';
import { escapeHtml, page } from './page.js';
import { pagerHtml, type PageOf } from './pager.js';
import { jsonHtml } from './value.js';

/** A dataset as the list of datasets shows it. */
export interface ListedDataset {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  /** The active ones. */
  readonly items: number;
  readonly updated_at: Date;
}

/** The page of all datasets, those that were changed last first. */
export function datasetListPage(
  project: { readonly id: string; readonly name: string },
  datasets: readonly ListedDataset[],
  shown: PageOf,
): string {
  const rows = datasets.map((dataset) => {
    const name = link(['project', project.id, 'datasets', dataset.id], dataset.name);
    return `<tr><td>${name}</td><td>${escapeHtml(dataset.description ?? '')}</td><td>${dataset.items}</td><td>${dataset.updated_at.toISOString()}</td></tr>`;
  });
  const body =
    rows.length === 0
      ? '<p class="muted">There is no dataset yet.</p>'
      : `<table><thead><tr><th scope="col">Dataset</th><th scope="col">Description</th><th scope="col">Items</th><th scope="col">Changed</th></tr></thead><tbody>${rows.join('')}</tbody></table>${pagerHtml(shown, 'Pages of datasets')}`;
  return page(
    `Datasets of ${project.name}`,
    `<h1>Datasets of ${escapeHtml(project.name)}</h1>${body}`,
    project.id,
  );
}

/** An item as it is now. */
export interface ShownItem {
  readonly id: string;
  readonly status: string;
  readonly input: unknown;
  readonly expected_output: unknown;
  readonly metadata: unknown;
  readonly updated_at: Date;
}

/** A run over a dataset, as the dataset's page lists it. */
export interface DatasetRun {
  readonly run_id: string;
  readonly name: string | null;
  readonly items: number;
  readonly last: Date;
}

/** The page of a dataset: the runs over it, the newest first, and its items. */
export function datasetPage(dataset: {
  readonly projectId: string;
  readonly datasetId: string;
  readonly name: string;
  readonly description: string;
  readonly runs: readonly DatasetRun[];
  readonly items: readonly ShownItem[];
  readonly shown: PageOf;
}): string {
  const title = `Dataset ${decodeText(dataset.name)}`;
  const description =
    dataset.description === '' ? '' : `<p>${escapeHtml(decodeText(dataset.description))}</p>`;
  return page(
    title,
    `<h1>${escapeHtml(title)}</h1>${description}<h2 id="runs">Runs</h2>${runsHtml(dataset)}<h2 id="items">Items (${dataset.shown.total})</h2>${itemsHtml(dataset)}`,
    dataset.projectId,
  );
}

function runsHtml({ projectId, datasetId, runs }: Parameters<typeof datasetPage>[0]): string {
  if (runs.length === 0) return '<p class="muted">No run over it is visible yet.</p>';
  const rows = runs.map(({ run_id: runId, name, items, last }) => {
    const run = link(experimentPath({ projectId, datasetId, runId }), decodeText(name ?? runId));
    return `<tr><td>${last.toISOString()}</td><td>${run}</td><td>${items}</td></tr>`;
  });
  return `<table><thead><tr><th scope="col">Last trace</th><th scope="col">Run</th><th scope="col">Traces</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function itemsHtml({ items, shown }: Parameters<typeof datasetPage>[0]): string {
  if (items.length === 0) return '<p class="muted">It has no item yet.</p>';
  const rows = items.map((item) => {
    const { id, title, note } = namesOf(item);
    const status =
      item.status === 'ACTIVE' ? '' : `<br><span class="badge">${escapeHtml(item.status)}</span>`;
    return `<tr><td title="${escapeHtml(title)}">${escapeHtml(id)}${status}${note}</td><td>${jsonHtml(item.input)}</td><td>${jsonHtml(item.expected_output)}</td><td>${item.updated_at.toISOString()}</td></tr>`;
  });
  return `<table><thead><tr><th scope="col">Item</th><th scope="col">Input</th><th scope="col">Expected</th><th scope="col">Changed</th></tr></thead><tbody>${rows.join('')}</tbody></table>${pagerHtml(shown, 'Pages of items')}`;
}

/** The item's own id and description where its metadata tells them, else its id on the platform. */
function namesOf({ id, metadata }: ShownItem) {
  const told = (key: string): string | undefined => {
    const value =
      typeof metadata === 'object' && metadata !== null
        ? (metadata as Readonly<Record<string, unknown>>)[key]
        : undefined;
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const description = told('assay.description');
  return {
    id: told('assay.item_id') ?? id,
    title: id,
    note:
      description === undefined ? '' : `<br><span class="muted">${escapeHtml(description)}</span>`,
  };
}
