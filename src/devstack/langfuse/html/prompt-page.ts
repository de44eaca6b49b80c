import type { PromptRow } from '../prompts/prompt-rows.js';
import { link } from './item-cells.js';
import { escapeHtml, page } from './page.js';
import { pagerHtml, type PageOf } from './pager.js';
import { blockHtml, jsonHtml } from './value.js';

/** A prompt as the list of prompts shows it. */
export interface ListedPrompt {
  readonly name: string;
  readonly type: string;
  readonly latest: number;
  readonly versions: number;
  readonly labels: readonly { readonly label: string; readonly version: number }[];
  readonly updated_at: Date;
}

/** The page of all prompts, by name. */
export function promptListPage(
  project: { readonly id: string; readonly name: string },
  prompts: readonly ListedPrompt[],
  shown: PageOf,
): string {
  const rows = prompts.map((prompt) => {
    const name = link(['project', project.id, 'prompts', prompt.name], prompt.name);
    const labels = prompt.labels.map(({ label, version }) => badge(`${label}: ${version}`));
    return `<tr><td>${name}</td><td>${escapeHtml(prompt.type)}</td><td>${prompt.versions}</td><td>${labels.join(' ')}</td><td>${prompt.updated_at.toISOString()}</td></tr>`;
  });
  const body =
    rows.length === 0
      ? '<p class="muted">There is no prompt yet.</p>'
      : `<table><thead><tr><th scope="col">Prompt</th><th scope="col">Type</th><th scope="col">Versions</th><th scope="col">Labels</th><th scope="col">Changed</th></tr></thead><tbody>${rows.join('')}</tbody></table>${pagerHtml(shown, 'Pages of prompts')}`;
  return page(
    `Prompts of ${project.name}`,
    `<h1>Prompts of ${escapeHtml(project.name)}</h1>${body}`,
    project.id,
  );
}

/** The page of one prompt: its versions, the newest first, each with its labels and its whole text. */
export function promptPage(prompt: {
  readonly projectId: string;
  readonly name: string;
  readonly versions: readonly PromptRow[];
  readonly shown: PageOf;
}): string {
  const { projectId, name, versions, shown } = prompt;
  const title = `Prompt ${name}`;
  return page(
    title,
    `<h1>${escapeHtml(title)}</h1><p class="muted">${shown.total} ${shown.total === 1 ? 'version' : 'versions'}, the newest first</p>${versions.map(versionHtml).join('')}${pagerHtml(shown, 'Pages of versions')}`,
    projectId,
  );
}

function versionHtml(row: PromptRow): string {
  const facts = [
    row.created_at.toISOString(),
    escapeHtml(row.type),
    ...(row.tags.length === 0 ? [] : [`tags ${escapeHtml(row.tags.join(', '))}`]),
    ...(row.commit_message === null ? [] : [escapeHtml(row.commit_message)]),
  ];
  const config =
    JSON.stringify(row.config) === '{}'
      ? ''
      : `<div class="muted">Config</div>${jsonHtml(row.config)}`;
  return `<section><h2 id="version-${row.version}">Version ${row.version} ${row.labels.map(badge).join(' ')}</h2><p class="muted">${facts.join(' · ')}</p>${contentHtml(row.prompt)}${config}</section>`;
}

/** The text of a prompt, or its messages one by one. */
function contentHtml(prompt: unknown): string {
  if (!Array.isArray(prompt)) return jsonHtml(prompt);
  return prompt
    .map((message: unknown) => {
      const { role, content } = (message ?? {}) as { role?: unknown; content?: unknown };
      // A placeholder has a name and no content.
      return typeof role === 'string' && typeof content === 'string'
        ? `<div class="muted">${escapeHtml(role)}</div>${blockHtml(content)}`
        : jsonHtml(message);
    })
    .join('');
}

const badge = (text: string): string => `<span class="badge">${escapeHtml(text)}</span>`;
