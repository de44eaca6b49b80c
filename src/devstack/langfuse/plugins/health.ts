import type { Plugin } from '../context.js';
import { escapeHtml, page, pageHeaders } from '../html/page.js';
import { ok } from '../http/exchange.js';

/** The Langfuse release whose answers were recorded; clients read it to tell v3 from v4. */
const emulatedVersion = '4.16.0';

export const health: Plugin = ({ project }) => {
  const status = () => ok({ status: 'OK', version: emulatedVersion });
  const traces = `/project/${encodeURIComponent(project.id)}/traces`;
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
            `<h1>Langfuse-compatible dev server</h1><p>Answers like Langfuse ${emulatedVersion} in write mode <code>events_only</code>.</p>
<p>Project <strong>${escapeHtml(project.name)}</strong>: <a href="${escapeHtml(traces)}">traces</a></p>`,
          ),
          headers: pageHeaders,
        }),
      },
    },
  ];
};
