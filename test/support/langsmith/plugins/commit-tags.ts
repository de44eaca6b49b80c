import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import { zonedIso } from '../clock.js';
import type { Context, Plugin } from '../context.js';
import { conflict, notFound, unprocessable } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import type { ObjectMap } from '../http/validate.js';
import { parseBody, uuid } from '../http/validate.js';
import type { Commit, CommitTag, Repo } from '../prompts/repo.js';
import { repoOf } from '../prompts/repo.js';

const createSchema = z.object({ tag_name: z.string().min(1).max(256), commit_id: uuid });

/** A tag stands on one commit; it is created once and then moved. */
export const commitTags: Plugin = (context) => [
  {
    path: '/repos/{owner}/{repo}/tags',
    methods: {
      GET: (call) => {
        const repo = repoOf(call);
        return ok([...repo.commitTags.values()].map((tag) => tagView(repo, tag)));
      },
      POST: (call) => create(context, call),
    },
  },
  {
    path: '/repos/{owner}/{repo}/tags/{tag}',
    methods: {
      GET: (call) => {
        const repo = repoOf(call);
        return ok(tagView(repo, tagOf(repo, call)));
      },
      PATCH: (call) => move(context, call),
      DELETE: (call) => {
        const repo = repoOf(call);
        repo.commitTags.delete(tagOf(repo, call).name);
        return ok({});
      },
    },
  },
];

function create({ clock }: Context, call: Call): Reply {
  const repo = repoOf(call);
  const input = parseBody(createSchema, call.json());
  if (input.tag_name === 'latest') throw unprocessable("The tag 'latest' is reserved");
  if (repo.commitTags.has(input.tag_name)) throw conflict('Tag already exists');
  const now = clock.now();
  const tag: CommitTag = {
    id: randomUUID(),
    name: input.tag_name,
    commit: commitById(repo, input.commit_id),
    createdAt: now,
    updatedAt: now,
  };
  repo.commitTags.set(tag.name, tag);
  return ok(tagView(repo, tag));
}

function move({ clock }: Context, call: Call): Reply {
  const repo = repoOf(call);
  const input = parseBody(createSchema.pick({ commit_id: true }), call.json());
  const commit = commitById(repo, input.commit_id);
  const tag: CommitTag = { ...tagOf(repo, call), commit, updatedAt: clock.now() };
  repo.commitTags.set(tag.name, tag);
  return ok(tagView(repo, tag));
}

function tagOf(repo: Repo, { params }: Call): CommitTag {
  const tag = repo.commitTags.get(params['tag'] ?? '');
  if (tag === undefined) throw notFound('Tag not found');
  return tag;
}

function commitById(repo: Repo, id: string): Commit {
  const commit = repo.commits.find((known) => known.id === id);
  if (commit === undefined) throw notFound('Commit not found');
  return commit;
}

function tagView(repo: Repo, tag: CommitTag): ObjectMap {
  return {
    id: tag.id,
    repo_id: repo.id,
    tag_name: tag.name,
    commit_id: tag.commit.id,
    commit_hash: tag.commit.hash,
    created_at: zonedIso(tag.createdAt),
    updated_at: zonedIso(tag.updatedAt),
  };
}
