import type { InTurn } from '../in-turn.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { patiently } from '../patience.js';
import type {
  PlatformPrompts,
  PromptSelector,
  PromptSummary,
  PromptVersion,
} from '../prompt-port.js';
import {
  commitAnswer,
  repoAnswer,
  reposAnswer,
  type ListedCommit,
  type TagAnswer,
} from './answers.js';
import { commitIdOf, commitPages, putTag, tagsOf } from './commits.js';
import { ensurePrompt, type Prompts } from './content-commit.js';
import { contentOf } from './manifest.js';
import { offsetPages } from './pages.js';
import { handleOf, nameOf, whatOf } from './prompt-handle.js';
import type { Rest } from './rest.js';
import { currentWorkspace } from './server-facts.js';

export interface LangsmithPrompts extends PlatformPrompts {
  /** How many commits the prompt has up to this one. */
  readonly ordinal: (name: string, version: string, signal: AbortSignal) => Promise<number>;
}

/**
 * Prompts as repositories of commits. A version is a commit; labels are tags on commits. Equal content is found again by a tag
 * that names it, and where a process died before it set that tag, by the hash within the newest commits.
 */
export function createPrompts(
  rest: Rest,
  settings: Prompts['settings'] & { readonly promptTurns: InTurn },
): LangsmithPrompts {
  const on: Prompts = { rest, settings };
  // Who reads a prompt waits for it and has it elsewhere, too; who writes one does not give up at the first stumble.
  const writing: Prompts = { rest: rest.patient, settings };
  const inTurn = settings.promptTurns;
  return {
    list: (signal) => listPrompts(rest, signal),
    get: (name, which, signal) => getPrompt(on, { name, which, signal }),
    versions: (name, signal, onUnreadable) => listVersions(on, { name, signal, onUnreadable }),
    // It looks for what is asked for before it makes it, so it may be repeated as a whole.
    ensure: (prompt, caller) => {
      const asked = { commit: false };
      return inTurn(prompt.name, caller, (signal) =>
        patiently(signal, () => ensurePrompt(writing, prompt, { asked, signal })),
      );
    },
    moveLabel: (name, to, caller) =>
      inTurn(name, caller, (signal) =>
        patiently(signal, () => moveLabel(rest.patient, name, { ...to, signal })),
      ),
    ordinal: (name, version, signal) => ordinalOf(rest.patient, { name, version, signal }),
    url: (projectId, name) =>
      `${settings.webUrl}/prompts/${encodeURIComponent(handleOf(name))}?organizationId=${encodeURIComponent(projectId)}`,
  };
}

const commitPath = (name: string, commit: string): string =>
  `/commits/-/${handleOf(name)}/${encodeURIComponent(commit)}`;

async function* listPrompts(
  rest: Rest,
  signal: AbortSignal,
): AsyncGenerator<readonly PromptSummary[], void, undefined> {
  // Only the workspace's own, not those that others made public.
  const { id: tenant_id } = await currentWorkspace(rest, signal);
  const query = { is_archived: 'false', tenant_id };
  const pages = offsetPages(
    async (page) => {
      const call = { path: '/repos', query: { ...page, ...query }, what: 'the prompts', signal };
      return (await rest.read(call, reposAnswer)).repos;
    },
    { idOf: ({ repo_handle: handle }) => handle },
  );
  for await (const page of pages) {
    yield page.map((repo) => ({
      name: nameOf(repo),
      labels: repo.commit_tags ?? [],
      tags: repo.tags ?? [],
      ...(present(repo.updated_at) ? { updatedAt: repo.updated_at } : {}),
    }));
  }
}

async function getPrompt(
  on: Prompts,
  of: { readonly name: string; readonly which: PromptSelector; readonly signal: AbortSignal },
): Promise<PromptVersion | undefined> {
  const { name, which, signal } = of;
  const { rest } = on;
  const repo = await rest.find(
    { path: `/repos/-/${handleOf(name)}`, what: whatOf(name), signal },
    repoAnswer,
  );
  if (repo === undefined) return undefined;
  const tags = await tagsOf(rest, name, signal);
  const wanted = 'version' in which ? which.version : versionAt(tags, which.label);
  if (wanted === undefined) return undefined;
  const commit = await rest.find(
    { path: commitPath(name, wanted), what: whatOf(name), signal },
    commitAnswer,
  );
  // The server also takes the name of a tag in the place of a hash.
  if (commit === undefined) return undefined;
  if (wanted !== 'latest' && !commit.commit_hash.startsWith(wanted)) return undefined;
  const found = { ...commit, created_at: undefined };
  return versionOf(on, { name, commit: found, tags, repoTags: repo.repo.tags ?? [] });
}

function versionAt(tags: readonly TagAnswer[], label: string): string | undefined {
  if (label === 'latest') return label;
  return tags.find((tag) => tag.tag_name === label)?.commit_hash;
}

type Commit = Pick<ListedCommit, 'commit_hash' | 'description' | 'created_at' | 'manifest'>;

function versionOf(
  on: Prompts,
  of: {
    readonly name: string;
    readonly commit: Commit;
    readonly tags: readonly TagAnswer[];
    readonly repoTags: readonly string[];
  },
): PromptVersion {
  const { name, commit, tags, repoTags } = of;
  const { commit_hash: version, description, created_at: createdAt } = commit;
  return {
    name,
    version,
    labels: tags.filter((tag) => tag.commit_hash === version).map((tag) => tag.tag_name),
    tags: repoTags,
    ...contentOf(commit.manifest ?? {}, { name, fStrings: on.settings.fStrings }),
    ...(present(description) ? { message: description } : {}),
    ...(present(createdAt) ? { createdAt } : {}),
  };
}

const present = (text: string | null | undefined): text is string =>
  text !== null && text !== undefined && text !== '';

async function* listVersions(
  on: Prompts,
  of: {
    readonly name: string;
    readonly signal: AbortSignal;
    readonly onUnreadable: Parameters<PlatformPrompts['versions']>[2];
  },
): AsyncGenerator<readonly PromptVersion[], void, undefined> {
  const { rest } = on;
  const { name, signal, onUnreadable } = of;
  const call = { path: `/repos/-/${handleOf(name)}`, what: whatOf(name), signal };
  const repo = await rest.find(call, repoAnswer);
  if (repo === undefined) return;
  const tags = await tagsOf(rest, name, signal);
  const repoTags = repo.repo.tags ?? [];
  // A commit that is made meanwhile pushes the last of a page onto the next one.
  const seen = new Set<string>();
  for await (const { commits } of commitPages(rest, name, signal)) {
    const page: PromptVersion[] = [];
    for (const commit of commits.filter(({ commit_hash: hash }) => !seen.has(hash))) {
      seen.add(commit.commit_hash);
      // Some servers list commits without what they hold.
      const whole =
        commit.manifest === null || commit.manifest === undefined
          ? await rest.read({ ...call, path: commitPath(name, commit.commit_hash) }, commitAnswer)
          : commit;
      const read = { ...commit, manifest: whole.manifest };
      try {
        page.push(versionOf(on, { name, commit: read, tags, repoTags }));
      } catch (error) {
        const isItsOwn = AssayError.is(error) && error.code === 'PROMPT_INVALID';
        if (!isItsOwn || onUnreadable === undefined) throw error;
        onUnreadable(commit.commit_hash, error);
      }
    }
    yield page;
  }
}

async function moveLabel(
  rest: Rest,
  name: string,
  to: { readonly label: string; readonly version: string; readonly signal: AbortSignal },
): Promise<{ readonly moved: boolean; readonly from?: string }> {
  const { label, version, signal } = to;
  const tags = await tagsOf(rest, name, signal);
  const standing = tags.find((tag) => tag.tag_name === label);
  const from = standing === undefined ? {} : { from: standing.commit_hash };
  if (standing?.commit_hash === version) return { moved: false, ...from };
  const id = await commitIdOf(rest, { name, version, tags, signal });
  await putTag(rest, { name, tag: label, commit: { id, hash: version }, tags, signal });
  return { moved: true, ...from };
}

async function ordinalOf(
  rest: Rest,
  of: { readonly name: string; readonly version: string; readonly signal: AbortSignal },
): Promise<number> {
  let newer = 0;
  for await (const { commits, total } of commitPages(rest, of.name, of.signal)) {
    const at = commits.findIndex((commit) => commit.commit_hash === of.version);
    if (at !== -1 && total !== undefined) return Math.max(1, total - newer - at);
    newer += commits.length;
  }
  return Math.max(1, newer);
}
