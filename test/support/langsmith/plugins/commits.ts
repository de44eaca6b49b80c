import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import { z } from 'zod';

import { zonedIso } from '../clock.js';
import type { Context, Plugin } from '../context.js';
import { conflict, notFound } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import type { ObjectMap } from '../http/validate.js';
import { given, objectMap, pageQuery, parseBody, parseQuery } from '../http/validate.js';
import type { Commit, Repo } from '../prompts/repo.js';
import { commitHash, repoOf, resolveCommit } from '../prompts/repo.js';

const createSchema = z.object({
  manifest: objectMap,
  parent_commit: given(z.string()),
  description: given(z.string()),
});

export const commits: Plugin = (context) => [
  {
    path: '/commits/{owner}/{repo}',
    half: 'ingest',
    methods: { POST: (call) => create(context, call), GET: list },
  },
  { path: '/commits/{owner}/{repo}/{commit}', half: 'ingest', methods: { GET: read } },
];

/**
 * The manifest is kept as given. One that equals the newest is a 409 in the real service's words, and so is a parent that is not
 * the newest commit: somebody else was quicker.
 */
function create({ clock }: Context, call: Call): Reply {
  const repo = repoOf(call, 'ingest');
  const input = parseBody(createSchema, call.json());
  const latest = repo.commits.at(-1) ?? null;
  const parent =
    input.parent_commit === undefined ? null : resolveCommit(repo, input.parent_commit);
  if (parent === undefined) throw notFound('Parent commit not found', 'ingest');
  if (parent !== latest) throw conflict('Parent commit is not the latest commit', 'ingest');
  if (latest !== null && isDeepStrictEqual(latest.manifest, input.manifest))
    throw conflict('Nothing to commit: prompt has not changed since latest commit', 'ingest');
  const commit: Commit = {
    id: randomUUID(),
    hash: commitHash(repo, parent, input.manifest),
    parent,
    manifest: input.manifest,
    description: input.description ?? null,
    createdAt: clock.now(),
  };
  repo.commits.push(commit);
  repo.updatedAt = commit.createdAt;
  return { status: 201, json: { commit: commitView(repo, commit) } };
}

/** Newest first. */
function list(call: Call): Reply {
  const repo = repoOf(call, 'ingest');
  const filter = parseQuery(pageQuery.extend({ tag: z.string().optional() }), call.query);
  const found = repo.commits
    .filter(
      (commit) => filter.tag === undefined || repo.commitTags.get(filter.tag)?.commit === commit,
    )
    .reverse();
  const page = found.slice(filter.offset, filter.offset + filter.limit);
  return ok({ commits: page.map((commit) => commitView(repo, commit)), total: found.length });
}

function read(call: Call): Reply {
  const repo = repoOf(call, 'ingest');
  const commit = resolveCommit(repo, call.params['commit'] ?? '');
  if (commit === undefined) throw notFound('Commit not found', 'ingest');
  return ok({
    commit_hash: commit.hash,
    manifest: commit.manifest,
    description: commit.description,
    examples: [],
    is_draft: false,
  });
}

function commitView(repo: Repo, commit: Commit): ObjectMap {
  return {
    id: commit.id,
    repo_id: repo.id,
    commit_hash: commit.hash,
    parent_id: commit.parent?.id ?? null,
    parent_commit_hash: commit.parent?.hash ?? null,
    manifest: commit.manifest,
    description: commit.description,
    example_run_ids: [],
    full_name: null,
    num_downloads: 0,
    num_views: 0,
    created_at: zonedIso(commit.createdAt),
    updated_at: zonedIso(commit.createdAt),
  };
}
