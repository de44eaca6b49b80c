import type { Plugin } from '../context.js';
import { escapeHtml, page, pageHeaders, projectLinks } from '../html/page.js';
import { ok } from '../http/exchange.js';

/** Clients read the version to tell v3 from v4. */
export const health: Plugin = ({ project, mode, version }) => {
  const status = () => ok({ status: 'OK', version });
  return [
    { path: '/api/public/health', access: 'open', methods: { ALL: status } },
    { path: '/api/public/ready', access: 'open', methods: { ALL: status } },
    {
      path: '/',
      access: 'open',
      methods: {
        GET: () => ({
          status: 200,
          html: page(
            'Langfuse-compatible dev server',
            `<h1>Langfuse-compatible dev server</h1><p>Answers like Langfuse ${escapeHtml(version)} in write mode <code>${mode}</code>.</p>
<p>Project <strong>${escapeHtml(project.name)}</strong>: ${projectLinks(project.id)}</p>`,
          ),
          headers: pageHeaders,
        }),
      },
    },
  ];
};
