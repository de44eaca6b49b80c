import type { Plugin } from '../context.js';
import { ok } from '../http/exchange.js';

export const projects: Plugin = ({ project }) => [
  {
    path: '/api/public/projects',
    methods: {
      GET: () =>
        ok({
          data: [
            {
              id: project.id,
              name: project.name,
              organization: { id: `org-${project.name}`, name: project.name },
              metadata: {},
            },
          ],
        }),
    },
  },
];
