const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for HTML content and for double-quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

export const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'private, no-cache, no-store, max-age=0, must-revalidate',
} as const;

const style = `body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c2330}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #dde2ea;vertical-align:top}
pre{background:#f4f6f9;padding:.5rem;overflow:auto;max-height:20rem;white-space:pre-wrap;margin:.2rem 0}
.note{background:#fff6d6;padding:.4rem .7rem;border-radius:.3rem}.muted{color:#5c6675}.error{color:#a1260d}
ul.tree{list-style:none;padding-left:1.2rem;border-left:2px solid #dde2ea}.badge{background:#e6ebf5;border-radius:.3rem;padding:0 .4rem}`;

/** The ways to the lists of the project. */
export function projectLinks(projectId: string): string {
  const to = (path: string, text: string): string =>
    `<a href="${escapeHtml(`/project/${encodeURIComponent(projectId)}/${path}`)}">${text}</a>`;
  return [to('traces', 'Traces'), to('datasets', 'Datasets'), to('prompts', 'Prompts')].join(' · ');
}

/** A whole page around a body that is HTML already; the title is text. Of a project's page, the ways to its lists come first. */
export function page(title: string, body: string, projectId?: string): string {
  const ways =
    projectId === undefined
      ? ''
      : `<nav aria-label="Project"><p>${projectLinks(projectId)}</p></nav>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)}</title><style>${style}</style></head>
<body><header><p class="note">Langfuse-compatible dev server of Assay: for development and tests, never for production.</p>${ways}</header><main>${body}</main></body></html>`;
}
