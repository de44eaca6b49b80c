import type { ForeseenPrompt, PromptToCreate } from '../prompt-port.js';
import { sameTexts } from '../../core/text/same-texts.js';
import { wellFormed } from '../../core/text/well-formed.js';
import { newCommitAnswer, repoAnswer, type ListedCommit, type TagAnswer } from './answers.js';
import { commitPages, putTag, tagsOf } from './commits.js';
import { isVerdict } from './errors.js';
import { hashIn, manifestOf, says } from './manifest.js';
import type { LangsmithSettings } from './options.js';
import { handleOf, readmeOf, whatOf } from './prompt-handle.js';
import type { Rest, RestCall } from './rest.js';

export interface Prompts {
  readonly rest: Rest;
  readonly settings: Pick<LangsmithSettings, 'fStrings' | 'webUrl'>;
}

/** What `ensure` did. */
interface Ensured {
  readonly version: string;
  readonly created: boolean;
}

const labelOf = (contentHash: string): string => `assay-${contentHash.slice(0, 24)}`;

interface Ensuring {
  readonly signal: AbortSignal;
  /** Whether a commit was asked for; its answer may have been lost. */
  readonly asked: { commit: boolean };
}

/** The commit of a content: the one that stands, else a new one. It looks before it makes, so it may be repeated as a whole. */
export async function ensurePrompt(
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
  const standing = await standingOf(on, prompt, { tags, signal });
  if (standing !== undefined) return { version: standing, created: asked.commit };
  const made = await findOrCommit(on, prompt, ensuring);
  const commit = { id: made.id, hash: made.version };
  // The content's own tag comes last: where it stands, the others were set, whoever died in between.
  for (const tag of [...(made.ours ? labels : []), label]) {
    await putTag(rest, { name, tag, commit, tags, signal });
  }
  return { version: made.version, created: asked.commit };
}

/** The commit that the tag of a content stands on, where that will do. */
async function standingOf(
  { rest }: Prompts,
  { name, contentHash, newest = false }: PromptToCreate,
  on: { readonly tags: readonly TagAnswer[]; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const { tags, signal } = on;
  const found = tags.find((tag) => tag.tag_name === labelOf(contentHash))?.commit_hash;
  if (found === undefined || !newest) return found;
  const [last] = await newestCommits(rest, name, signal);
  return last?.commit_hash === found ? found : undefined;
}

/** What {@link ensurePrompt} would do. */
export async function foreseePrompt(
  on: Prompts,
  prompt: PromptToCreate,
  signal: AbortSignal,
): Promise<ForeseenPrompt> {
  const { rest } = on;
  const { name } = prompt;
  const call = { path: `/repos/-/${handleOf(name)}`, what: whatOf(name), signal };
  if ((await rest.find(call, repoAnswer)) === undefined) return { outcome: 'create' };
  const tags = await tagsOf(rest, name, signal);
  const version =
    (await standingOf(on, prompt, { tags, signal })) ??
    ofContent(on, prompt, await newestCommits(rest, name, signal))?.version;
  return version === undefined ? { outcome: 'create' } : { outcome: 'unchanged', version };
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
  if (tags === undefined || sameTexts(tags, found.repo.tags ?? [])) return;
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
  let newest = await newestCommits(rest, name, signal);
  for (let attempt = 1; ; attempt += 1) {
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
      // Nothing new since the newest commit, or another worker's came between, with other content perhaps: then on top of that one.
      const before = newest[0]?.commit_hash;
      newest = await newestCommits(rest, name, signal);
      const isSame = ofContent(on, prompt, newest) !== undefined;
      if (isSame || (newest[0]?.commit_hash !== before && attempt < mostRaces)) continue;
    }
    const { commit } = rest.parse(answer, call, newCommitAnswer);
    return { id: commit.id, version: commit.commit_hash, ours: true };
  }
}

/** Of workers that write one prompt at the same moment, each time another one wins. */
const mostRaces = 10;

/**
 * The commit of ours with this content; else the newest, where somebody made one that says the same. Ours by the hash in it, and by
 * what it says: an edit in the browser keeps what else stands in a manifest, the hash as well.
 */
function ofContent(
  { settings: { fStrings } }: Prompts,
  prompt: PromptToCreate,
  commits: readonly ListedCommit[],
): Made | undefined {
  const { body, config, name, contentHash } = prompt;
  const isIt = ({ manifest }: ListedCommit): boolean =>
    manifest !== undefined &&
    manifest !== null &&
    says(manifest, { body, config }, { name, fStrings });
  const asked = prompt.newest === true ? commits.slice(0, 1) : commits;
  const ours = asked.find(
    (each) => each.manifest && hashIn(each.manifest) === contentHash && isIt(each),
  );
  if (ours !== undefined) return { id: ours.id, version: ours.commit_hash, ours: true };
  const [newest] = commits;
  if (newest === undefined || !isIt(newest)) return undefined;
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
