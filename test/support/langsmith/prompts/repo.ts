import { createHash } from 'node:crypto';

import { zonedIso } from '../clock.js';
import { notFound, refusal } from '../http/errors.js';
import type { Call, Half } from '../http/exchange.js';
import type { ObjectMap } from '../http/validate.js';
import type { Workspace } from '../workspace.js';

export interface Commit {
  readonly id: string;
  /** 64 hex digits; any 8 or more from its start name it. */
  readonly hash: string;
  readonly parent: Commit | null;
  readonly manifest: ObjectMap;
  readonly description: string | null;
  readonly createdAt: number;
}

export interface CommitTag {
  readonly id: string;
  readonly name: string;
  readonly commit: Commit;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A prompt: its versions are commits, its labels commit tags. */
export interface Repo {
  readonly id: string;
  readonly handle: string;
  description: string | null;
  readme: string | null;
  tags: readonly string[];
  isPublic: boolean;
  isArchived: boolean;
  liked: boolean;
  readonly createdAt: number;
  updatedAt: number;
  /** Oldest first. */
  readonly commits: Commit[];
  readonly commitTags: Map<string, CommitTag>;
}

/** The repo of the path; a key sees only its own workspace's, under `-` or the workspace's handle. */
export function repoOf({ workspace, params }: Call, half?: Half): Repo {
  const { owner = '', repo = '' } = params;
  if (owner !== '-' && owner !== workspace.handle)
    throw refusal(404, `Repository ${owner}/${repo} not found`, half);
  const found = workspace.repos.get(repo);
  if (found === undefined) throw notFound(`Repository ${owner}/${repo} not found`, half);
  return found;
}

export function repoView({ id, handle }: Workspace, repo: Repo): ObjectMap {
  const latest = repo.commits.at(-1);
  return {
    id: repo.id,
    repo_handle: repo.handle,
    repo_type: 'prompt',
    owner: handle,
    full_name: `${handle ?? '-'}/${repo.handle}`,
    tenant_id: id,
    description: repo.description,
    readme: repo.readme,
    tags: repo.tags,
    commit_tags: [...repo.commitTags.keys()],
    is_public: repo.isPublic,
    is_archived: repo.isArchived,
    created_at: zonedIso(repo.createdAt),
    updated_at: zonedIso(repo.updatedAt),
    num_commits: repo.commits.length,
    num_likes: repo.liked ? 1 : 0,
    num_downloads: 0,
    num_views: 0,
    liked_by_auth_user: repo.liked,
    last_commit_hash: latest?.hash ?? null,
    original_repo_id: null,
    original_repo_full_name: null,
    upstream_repo_id: null,
    upstream_repo_full_name: null,
  };
}

/** Of the repo, the parent and the manifest: the same content elsewhere, or later, has another hash. */
export function commitHash(repo: Repo, parent: Commit | null, manifest: ObjectMap): string {
  const content = JSON.stringify([repo.id, parent?.hash ?? null, manifest]);
  return createHash('sha256').update(content).digest('hex');
}

/**
 * The commit that a reference means: `latest`, a tag, or (from 8 digits on) the start of a hash, which goes before a tag of the
 * same name.
 */
export function resolveCommit(repo: Repo, reference: string): Commit | undefined {
  if (reference === 'latest') return repo.commits.at(-1);
  const byHash = /^[0-9a-f]{8,64}$/i.test(reference)
    ? repo.commits.find(({ hash }) => hash.startsWith(reference.toLowerCase()))
    : undefined;
  return byHash ?? repo.commitTags.get(reference)?.commit;
}
