import type { InTurn } from '../in-turn.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { wellFormed } from '../../core/text/well-formed.js';
import { patiently } from '../patience.js';
import type {
  PlatformPrompts,
  PromptSelector,
  PromptSummary,
  PromptToCreate,
  PromptVersion,
} from '../prompt-port.js';
import {
  commitAnswer,
  newCommitAnswer,
  repoAnswer,
  reposAnswer,
  type ListedCommit,
  type TagAnswer,
} from './answers.js';
import { commitIdOf, commitPages, putTag, tagsOf } from './commits.js';
import { isVerdict } from './errors.js';
import { contentOf, hashIn, manifestOf, says } from './manifest.js';
import type { LangsmithSettings } from './options.js';
import { handleOf, nameOf, readmeOf } from './prompt-handle.js';
import type { Rest, RestCall } from './rest.js';
import { currentWorkspace } from './server-facts.js';

/** What `ensure` did; the ordinal counts the commits from 1. */
interface Ensured {
  readonly version: string;
  readonly created: boolean;
}

export interface LangsmithPrompts extends PlatformPrompts {
  /** How many commits the prompt has up to this one. */
  readonly ordinal: (name: string, version: string, signal: AbortSignal) => Promise<number>;
}

interface Prompts {
  readonly rest: Rest;
  readonly settings: Pick<LangsmithSettings, 'fStrings' | 'webUrl'>;
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
  const inTurn = settings.promptTurns;
  return {
    list: (signal) => listPrompts(rest, signal),
    get: (name, which, signal) => getPrompt(on, { name, which, signal }),
    versions: (name, signal, onUnreadable) => listVersions(on, { name, signal, onUnreadable }),
    // It looks for what is asked for before it makes it, so it may be repeated as a whole.
    ensure: (prompt, caller) => {
      const asked = { commit: false };
      return inTurn(prompt.name, caller, (signal) =>
        patiently(signal, () => ensurePrompt(on, prompt, { asked, signal })),
      );
    },
    moveLabel: (name, to, caller) =>
      inTurn(name, caller, (signal) =>
        patiently(signal, () => moveLabel(rest, name, { ...to, signal })),
      ),
    ordinal: (name, version, signal) => ordinalOf(rest, { name, version, signal }),
    url: (projectId, name) =>
      `${settings.webUrl}/prompts/${encodeURIComponent(handleOf(name))}?organizationId=${encodeURIComponent(projectId)}`,
  };
}

const whatOf = (name: string): string => `the prompt ${JSON.stringify(name)}`;
const commitPath = (name: string, commit: string): string =>
  `/commits/-/${handleOf(name)}/${encodeURIComponent(commit)}`;

async function* listPrompts(
  rest: Rest,
  signal: AbortSignal,
): AsyncGenerator<readonly PromptSummary[], void, undefined> {
  const limit = 100;
  // Only the workspace's own, not those that others made public.
  const { id: tenant_id } = await currentWorkspace(rest, signal);
  for (let offset = 0; ; offset += limit) {
    const { repos } = await rest.read(
      {
        path: '/repos',
        query: { limit, offset, is_archived: 'false', tenant_id },
        what: 'the prompts',
        signal,
      },
      reposAnswer,
    );
    if (repos.length > 0) {
      yield repos.map((repo) => ({
        name: nameOf(repo),
        labels: repo.commit_tags ?? [],
        tags: repo.tags ?? [],
        ...(repo.updated_at === null || repo.updated_at === undefined
          ? {}
          : { updatedAt: repo.updated_at }),
      }));
    }
    if (repos.length < limit) return;
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
  for await (const { commits } of commitPages(rest, name, signal)) {
    const page: PromptVersion[] = [];
    for (const commit of commits) {
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

const labelOf = (contentHash: string): string => `assay-${contentHash.slice(0, 24)}`;

interface Ensuring {
  readonly signal: AbortSignal;
  /** Whether a commit was asked for; its answer may have been lost. */
  readonly asked: { commit: boolean };
}

async function ensurePrompt(
  on: Prompts,
  prompt: PromptToCreate,
  ensuring: Ensuring,
): Promise<Ensured> {
  const { rest } = on;
  const { signal, asked } = ensuring;
  const { name, contentHash, labels = [] } = prompt;
  await ensureRepo(rest, prompt, signal);
  const tags = await tagsOf(rest, name, signal);
  const label = labelOf(contentHash);
  const standing = tags.find((tag) => tag.tag_name === label);
  if (standing !== undefined) return { version: standing.commit_hash, created: asked.commit };
  const made = await findOrCommit(on, prompt, ensuring);
  const commit = { id: made.id, hash: made.version };
  // The content's own tag comes last: where it stands, the others were set, whoever died in between.
  for (const tag of [...(made.ours ? labels : []), label]) {
    await putTag(rest, { name, tag, commit, tags, signal });
  }
  return { version: made.version, created: asked.commit };
}

async function ensureRepo(rest: Rest, prompt: PromptToCreate, signal: AbortSignal): Promise<void> {
  const { name, tags } = prompt;
  const what = whatOf(name);
  const found = await rest.find({ path: `/repos/-/${handleOf(name)}`, what, signal }, repoAnswer);
  if (found === undefined) {
    const readme = readmeOf(name);
    const call: RestCall = {
      method: 'POST',
      path: '/repos/',
      body: {
        repo_handle: handleOf(name),
        is_public: false,
        ...(readme === undefined ? {} : { readme }),
        ...(tags === undefined ? {} : { tags }),
      },
      what,
      signal,
    };
    const answer = await rest.answer(call);
    // Another worker made it at the same moment.
    if (answer.status !== 409 || !isVerdict(answer)) rest.check(answer, call);
    return;
  }
  const has = [...(found.repo.tags ?? [])].sort();
  if (tags === undefined || [...tags].sort().join('\n') === has.join('\n')) return;
  const call: RestCall = {
    method: 'PATCH',
    path: `/repos/-/${handleOf(name)}`,
    body: { tags },
    what,
    signal,
  };
  rest.check(await rest.answer(call), call);
}

interface Made {
  readonly id: string;
  readonly version: string;
  /** Whether we made it, now or before; else somebody did by other means, and it has their labels. */
  readonly ours: boolean;
}

/** Looks at the newest commits for one of this content whose tag is missing; else makes one on top of the newest. */
async function findOrCommit(
  on: Prompts,
  prompt: PromptToCreate,
  ensuring: Ensuring,
): Promise<Made> {
  const { rest } = on;
  const { signal, asked } = ensuring;
  const { name, contentHash } = prompt;
  const newest = await newestCommits(rest, name, signal);
  const same = ofContent(on, prompt, newest);
  if (same !== undefined) return same;
  const call: RestCall = {
    method: 'POST',
    path: `/commits/-/${handleOf(name)}`,
    body: {
      manifest: manifestOf(prompt, contentHash),
      ...(newest[0] === undefined ? {} : { parent_commit: newest[0].commit_hash }),
      ...(prompt.message === undefined ? {} : { description: wellFormed(prompt.message).text }),
    },
    what: whatOf(name),
    signal,
  };
  const already = asked.commit;
  asked.commit = true;
  const answer = await rest.answer(call);
  if (answer.status === 409 && isVerdict(answer)) {
    asked.commit = already;
    // Nothing new since the newest commit, or another worker's commit came between: look once more.
    const theirs = ofContent(on, prompt, await newestCommits(rest, name, signal));
    if (theirs !== undefined) return theirs;
  }
  const { commit } = rest.parse(answer, call, newCommitAnswer);
  return { id: commit.id, version: commit.commit_hash, ours: true };
}

/** The commit of ours with this content; else the newest, where somebody made one that says the same. */
function ofContent(
  { settings: { fStrings } }: Prompts,
  prompt: PromptToCreate,
  commits: readonly ListedCommit[],
): Made | undefined {
  const ours = commits.find(({ manifest }) => manifest && hashIn(manifest) === prompt.contentHash);
  if (ours !== undefined) return { id: ours.id, version: ours.commit_hash, ours: true };
  const [newest] = commits;
  const { body, config, name } = prompt;
  if (!newest?.manifest || !says(newest.manifest, { body, config }, { name, fStrings })) {
    return undefined;
  }
  return { id: newest.id, version: newest.commit_hash, ours: false };
}

async function newestCommits(
  rest: Rest,
  name: string,
  signal: AbortSignal,
): Promise<readonly ListedCommit[]> {
  for await (const { commits } of commitPages(rest, name, signal)) return commits;
  return [];
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
