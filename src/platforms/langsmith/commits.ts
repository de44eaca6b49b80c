import { AssayError } from '../../core/errors/assay-error.js';
import { commitsAnswer, tagsAnswer, type ListedCommit, type TagAnswer } from './answers.js';
import { handleOf, whatOf } from './prompt-handle.js';
import type { Rest, RestCall } from './rest.js';

/** The commits of a prompt, newest first; none where it is unknown. */
export async function* commitPages(
  rest: Rest,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<
  { readonly commits: readonly ListedCommit[]; readonly total: number | undefined },
  void,
  undefined
> {
  const limit = 100;
  for (let offset = 0; ; offset += limit) {
    const page = await rest.find(
      {
        // The slash at the end is the official client's.
        path: `/commits/-/${handleOf(name)}/`,
        query: { limit, offset },
        what: whatOf(name),
        signal,
      },
      commitsAnswer,
    );
    if (page === undefined) return;
    if (page.commits.length > 0) yield { commits: page.commits, total: page.total ?? undefined };
    if (page.commits.length < limit) return;
  }
}

/** The tags on a prompt's commits; none where the prompt is unknown. */
export async function tagsOf(
  rest: Rest,
  name: string,
  signal: AbortSignal,
): Promise<readonly TagAnswer[]> {
  const call = { path: `/repos/-/${handleOf(name)}/tags`, what: whatOf(name), signal };
  return (await rest.find(call, tagsAnswer)) ?? [];
}

/** Puts a tag on a commit, from wherever it stands; nothing is sent where it stands there. */
export async function putTag(
  rest: Rest,
  on: {
    readonly name: string;
    readonly tag: string;
    readonly commit: { readonly id: string; readonly hash: string };
    /** As they stand now. */
    readonly tags: readonly TagAnswer[];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { name, tag, commit, tags, signal } = on;
  const path = `/repos/-/${handleOf(name)}/tags`;
  const what = `the label ${JSON.stringify(tag)} of ${whatOf(name)}`;
  const move: RestCall = {
    method: 'PATCH',
    path: `${path}/${encodeURIComponent(tag)}`,
    body: { commit_id: commit.id },
    what,
    signal,
  };
  const standing = tags.find((each) => each.tag_name === tag);
  if (standing?.commit_hash === commit.hash) return;
  if (standing === undefined) {
    const create: RestCall = {
      method: 'POST',
      path,
      body: { tag_name: tag, commit_id: commit.id },
      what,
      signal,
    };
    const answer = await rest.answer(create);
    // Another worker set it at the same moment, or this one did and the answer was lost.
    if (answer.status !== 409) {
      rest.check(answer, create);
      return;
    }
  }
  rest.check(await rest.answer(move), move);
}

/** @throws AssayError PROMPT_INVALID where the prompt has no such version. */
export async function commitIdOf(
  rest: Rest,
  of: {
    readonly name: string;
    readonly version: string;
    readonly tags: readonly TagAnswer[];
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const { name, version, tags, signal } = of;
  const tagged = tags.find((tag) => tag.commit_hash === version);
  if (tagged !== undefined) return tagged.commit_id;
  for await (const { commits } of commitPages(rest, name, signal)) {
    const commit = commits.find((each) => each.commit_hash === version);
    if (commit !== undefined) return commit.id;
  }
  throw new AssayError(
    'PROMPT_INVALID',
    `LangSmith at ${rest.baseUrl} has no version ${JSON.stringify(version)} of ${whatOf(name)}.`,
    { mend: 'List its versions and choose one of them.' },
  );
}
