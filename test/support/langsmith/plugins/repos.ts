import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import type { Context, Plugin } from '../context.js';
import { conflict, refusal, unprocessable } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { flag, pageQuery, parseBody, parseQuery } from '../http/validate.js';
import type { Repo } from '../prompts/repo.js';
import { repoOf, repoView } from '../prompts/repo.js';

const fields = {
  description: z.string().nullish(),
  readme: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
};

const createSchema = z.object({
  ...fields,
  repo_handle: z
    .string()
    .max(128)
    .regex(
      /^[a-z][a-z0-9_-]*$/,
      'Handle must start with a lowercase letter and hold only lowercase letters, digits, - and _',
    ),
  is_public: z.boolean().default(false),
  repo_type: z.literal('prompt', 'The test server keeps only prompts').default('prompt'),
});

const updateSchema = z.object({
  ...fields,
  is_public: z.boolean().nullish(),
  is_archived: z.boolean().nullish(),
});

const listSchema = pageQuery.extend({
  query: z.string().optional(),
  is_public: flag.optional(),
  is_archived: z.enum(['true', 'false', 'allow']).default('allow'),
  has_commits: flag.optional(),
  tags: z.array(z.string()).optional(),
  sort_direction: z.enum(['asc', 'desc']).default('desc'),
});

export const repos: Plugin = (context) => [
  { path: '/repos', methods: { POST: (call) => create(context, call), GET: list } },
  {
    path: '/repos/{owner}/{repo}',
    methods: {
      GET: (call) => ok({ repo: repoView(call.workspace, repoOf(call)) }),
      PATCH: (call) => update(context, call),
      DELETE: (call) => {
        call.workspace.repos.delete(repoOf(call).handle);
        return ok({});
      },
    },
  },
];

function create({ clock }: Context, { workspace, json }: Call): Reply {
  const input = parseBody(createSchema, json());
  if (input.is_public && workspace.handle === null)
    throw refusal(400, 'A workspace needs a handle before it can publish a prompt');
  if (workspace.repos.has(input.repo_handle)) throw conflict('Repo already exists');
  const now = clock.now();
  const repo: Repo = {
    id: randomUUID(),
    handle: input.repo_handle,
    description: input.description ?? null,
    readme: input.readme ?? null,
    tags: input.tags ?? [],
    isPublic: input.is_public,
    isArchived: false,
    liked: false,
    createdAt: now,
    updatedAt: now,
    commits: [],
    commitTags: new Map(),
  };
  workspace.repos.set(repo.handle, repo);
  return ok({ repo: repoView(workspace, repo) });
}

/** Always by the last change: the client's other sort fields count visits, which nobody pays here. */
function list({ workspace, query }: Call): Reply {
  const sort = query.get('sort_field') ?? 'updated_at';
  if (!['updated_at', 'num_likes', 'num_downloads', 'num_views'].includes(sort))
    throw unprocessable(`Unknown sort_field ${sort}`);
  const filter = parseQuery(listSchema, query, ['tags']);
  const wanted = filter.query?.toLowerCase();
  const found = [...workspace.repos.values()]
    .filter(
      (repo) =>
        (filter.is_archived === 'allow' || repo.isArchived === (filter.is_archived === 'true')) &&
        (filter.is_public === undefined || repo.isPublic === filter.is_public) &&
        (filter.has_commits === undefined || repo.commits.length > 0 === filter.has_commits) &&
        (filter.tags ?? []).every((tag) => repo.tags.includes(tag)) &&
        (wanted === undefined ||
          `${repo.handle}\n${repo.description ?? ''}`.toLowerCase().includes(wanted)),
    )
    .sort((a, b) => b.updatedAt - a.updatedAt);
  if (filter.sort_direction === 'asc') found.reverse();
  const page = found.slice(filter.offset, filter.offset + filter.limit);
  return ok({ repos: page.map((repo) => repoView(workspace, repo)), total: found.length });
}

function update({ clock }: Context, call: Call): Reply {
  const repo = repoOf(call);
  const change = parseBody(updateSchema, call.json());
  if (change.is_public === true && call.workspace.handle === null)
    throw refusal(400, 'A workspace needs a handle before it can publish a prompt');
  repo.description = change.description ?? repo.description;
  repo.readme = change.readme ?? repo.readme;
  repo.tags = change.tags ?? repo.tags;
  repo.isPublic = change.is_public ?? repo.isPublic;
  repo.isArchived = change.is_archived ?? repo.isArchived;
  repo.updatedAt = clock.now();
  return ok({ repo: repoView(call.workspace, repo) });
}
