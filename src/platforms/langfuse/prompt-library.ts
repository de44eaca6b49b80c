import type { InTurn } from '../in-turn.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { contentLabel, promptContentHash } from '../../core/prompts/content.js';
import { latestLabel } from '../../core/prompts/labels.js';
import { sameTexts } from '../../core/text/same-texts.js';
import { patiently } from '../patience.js';
import type {
  PlatformPrompts,
  PromptSelector,
  PromptSummary,
  PromptToCreate,
  PromptVersion,
} from '../prompt-port.js';
import { promptAnswer, promptsAnswer } from './answers.js';
import { creation, versionOf } from './prompt-content.js';
import { patientReads } from './patient-reads.js';
import type { Rest, RestCall } from './rest.js';

const promptsPath = '/api/public/v2/prompts';
const namesPerPage = 100;
/** Each version is a request of its own. */
const versionsPerPage = 20;

/**
 * Prompts on Langfuse. They are found by a label that names their content, since every POST makes a version, equal or not. One
 * name is written by one caller at a time, so that two equal prompts cannot both find nothing and both create.
 */
export function createPromptLibrary(
  rest: Rest,
  inTurn: InTurn,
  url: (projectId: string, name: string) => string,
): PlatformPrompts {
  const reads = patientReads(rest);
  return {
    url,
    list: (signal) => list(reads, signal),
    get: (name, which, signal) => get(reads, { name, which, signal }),
    resolve: (name, which, signal) => get(reads, { name, which, signal, resolve: true }),
    versions: (name, signal) => versions(reads, name, signal),
    // Both look for what is asked for before they write, so they may be repeated as a whole.
    ensure: (prompt, caller) =>
      inTurn(prompt.name, caller, (signal) => {
        // A try whose answer was lost may have made the version that the next one finds.
        const asked = { post: false };
        return patiently(signal, () => ensure(rest, prompt, { signal, asked }));
      }),
    async foresee(prompt, signal) {
      const standing = await lookFor(reads, prompt, signal);
      if ('next' in standing) return { outcome: 'create', version: standing.next };
      const { version, tags } = standing;
      const tagsStay = prompt.tags !== undefined && !sameTexts(prompt.tags, tags);
      return { outcome: 'unchanged', version, tagsStay };
    },
    moveLabel: (name, to, caller) =>
      inTurn(name, caller, (signal) =>
        patiently(signal, () => moveLabel(rest, { name, ...to, signal })),
      ),
  };
}

async function* list(rest: Rest, signal: AbortSignal): AsyncIterable<readonly PromptSummary[]> {
  for (let page = 1; ; page += 1) {
    const { data, meta } = await rest.read(
      { path: promptsPath, query: { page, limit: namesPerPage }, what: 'the prompts', signal },
      promptsAnswer,
    );
    yield data.map(({ name, labels, tags, lastUpdatedAt }) => ({
      name,
      labels,
      tags,
      ...(typeof lastUpdatedAt === 'string' ? { updatedAt: lastUpdatedAt } : {}),
    }));
    if (page >= meta.totalPages) return;
  }
}

interface Wanted {
  readonly name: string;
  readonly which: PromptSelector;
  readonly signal: AbortSignal;
  readonly resolve?: boolean;
}

async function get(rest: Rest, wanted: Wanted): Promise<PromptVersion | undefined> {
  const { name, which, signal, resolve = false } = wanted;
  // Anything else is no version there, and would be answered with a refusal of the request.
  if ('version' in which && !/^[1-9][0-9]{0,8}$/.test(which.version)) return undefined;
  const answer = await rest.find(
    {
      path: `${promptsPath}/${encodeURIComponent(name)}`,
      query: { ...which, resolve: String(resolve) },
      what: what(name),
      signal,
    },
    promptAnswer,
  );
  return answer === undefined ? undefined : versionOf(answer);
}

async function* versions(
  rest: Rest,
  name: string,
  signal: AbortSignal,
): AsyncIterable<readonly PromptVersion[]> {
  const { data } = await rest.read(
    { path: promptsPath, query: { name, limit: 1 }, what: what(name), signal },
    promptsAnswer,
  );
  const numbers = data.find((each) => each.name === name)?.versions ?? [];
  let page: PromptVersion[] = [];
  for (const number of [...numbers].sort((a, b) => b - a)) {
    const found = await get(rest, { name, which: { version: String(number) }, signal });
    // One that was deleted meanwhile is no version any more.
    if (found !== undefined) page.push(found);
    if (page.length < versionsPerPage) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

async function ensure(
  rest: Rest,
  prompt: PromptToCreate,
  { signal, asked }: { readonly signal: AbortSignal; readonly asked: { post: boolean } },
): Promise<{ readonly version: string; readonly created: boolean }> {
  const { name, contentHash } = prompt;
  const label = contentLabel(contentHash);
  const taken = async (): Promise<string | undefined> => {
    const standing = await lookFor(rest, prompt, signal);
    if (!('version' in standing)) return undefined;
    const { version, named } = standing;
    if (!named) await addLabel(rest, { name, version, label, signal });
    return version;
  };
  const known = await taken();
  if (known !== undefined) return { version: known, created: asked.post };

  const create: RestCall = {
    method: 'POST',
    path: promptsPath,
    body: creation(prompt, [label, ...(prompt.labels ?? [])]),
    what: what(name),
    signal,
  };
  asked.post = true;
  let answer = await rest.answer(create);
  if (answer.status === 400 || answer.status === 409) {
    // Two creates of one name at once: one is 201, the others break the unique (name, version).
    const made = await taken();
    if (made !== undefined) return { version: made, created: false };
    if (!/different prompt type/i.test(answer.text)) answer = await rest.answer(create);
  }
  return { version: String(rest.parse(answer, create, promptAnswer).version), created: true };
}

/** The version that has a content, or the number of the one that would be made. */
type Standing =
  | {
      readonly version: string;
      /** Whether our label names its content already. */
      readonly named: boolean;
      readonly tags: readonly string[];
    }
  | { readonly next: string };

/**
 * Looks for a version of this content: first by the label that names it; else one that somebody else made, as by hand in the web
 * page. Of those only the versions that people see first are looked at, since each is a request.
 *
 * @throws AssayError PLATFORM_REFUSED where none can be made, since a prompt there does not change its kind.
 */
async function lookFor(rest: Rest, prompt: PromptToCreate, signal: AbortSignal): Promise<Standing> {
  const { name, contentHash, labels = [], newest = false } = prompt;
  const at = (label: string): Promise<PromptVersion | undefined> =>
    get(rest, { name, which: { label }, signal });
  const named = await at(contentLabel(contentHash));
  if (named !== undefined && (!newest || named.labels.includes(latestLabel))) {
    return { version: named.version, named: true, tags: named.tags };
  }
  const latest = await at(latestLabel);
  // No version at all has this name.
  if (latest === undefined) return { next: '1' };
  const seen = new Set<string>();
  for (const label of newest ? [latestLabel] : new Set([latestLabel, 'production', ...labels])) {
    const found = label === latestLabel ? latest : await at(label);
    if (found === undefined || seen.has(found.version)) continue;
    seen.add(found.version);
    if (promptContentHash(found) === contentHash) {
      return { version: found.version, named: false, tags: found.tags };
    }
  }
  if (latest.body.kind !== prompt.body.kind) throw otherKind(latest, prompt);
  return { next: String(Number(latest.version) + 1) };
}

const otherKind = (there: PromptVersion, { name, body }: PromptToCreate): AssayError =>
  new AssayError(
    'PLATFORM_REFUSED',
    `Langfuse keeps the prompt "${name}" as ${there.body.kind}, and does not let it become ${body.kind}.`,
    { mend: 'Give it another `name` in .metadata.yaml, or delete the one that is there.' },
  );

interface LabelMove {
  readonly name: string;
  readonly version: string;
  readonly label: string;
  readonly signal: AbortSignal;
}

async function moveLabel(
  rest: Rest,
  move: LabelMove,
): Promise<{ readonly moved: boolean; readonly from?: string }> {
  const { name, version, label, signal } = move;
  const holder = await get(rest, { name, which: { label }, signal });
  if (holder?.version === version) return { moved: false, from: version };
  await addLabel(rest, move);
  return { moved: true, ...(holder === undefined ? {} : { from: holder.version }) };
}

/** Labels are added, and taken from the version that had them. */
async function addLabel(rest: Rest, { name, version, label, signal }: LabelMove): Promise<void> {
  const call: RestCall = {
    method: 'PATCH',
    path: `${promptsPath}/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`,
    body: { newLabels: [label] },
    what: `version ${version} of ${what(name)}`,
    signal,
  };
  rest.parse(await rest.answer(call), call, promptAnswer);
}

const what = (name: string): string => `the prompt ${JSON.stringify(name)}`;
