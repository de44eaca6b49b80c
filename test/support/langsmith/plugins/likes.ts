import { z } from 'zod';

import type { Plugin } from '../context.js';
import { ok } from '../http/exchange.js';
import { parseBody } from '../http/validate.js';
import { repoOf } from '../prompts/repo.js';

export const likes: Plugin = () => [
  {
    path: '/likes/{owner}/{repo}',
    methods: {
      POST: (call) => {
        const repo = repoOf(call);
        repo.liked = parseBody(z.object({ like: z.boolean() }), call.json()).like;
        return ok({ likes: repo.liked ? 1 : 0 });
      },
    },
  },
];
