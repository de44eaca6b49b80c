import type { PromptContent, PromptSelector } from '../contracts/prompt.js';
import { AssayError } from '../core/errors/assay-error.js';
import type { JsonObject } from '../core/json/json.js';
import { promptContentHash } from '../core/prompts/content.js';
import { compilePrompt } from './compile-prompt.js';
import type { RenderedMessage } from './render-prompt.js';

/** Who served a prompt: see {@link PromptCache.fetch}. */
export type PromptOrigin = 'platform' | 'cache' | 'stale' | 'last-known-good' | 'file';

/** Which prompt. Default label `production`. */
export interface PromptWish {
  readonly name: string;
  readonly label?: string;
  /** Instead of a label. */
  readonly version?: string;
  /** Ask the platform first, whatever memory has: for whoever must not miss a promotion of just now. */
  readonly fresh?: boolean;
}

/** A prompt as it was served. */
export interface FetchedPrompt extends PromptContent {
  readonly name: string;
  /** `file` where it came from files, which have none. */
  readonly version: string;
  readonly contentHash: string;
  readonly labels: readonly string[];
  readonly source: PromptOrigin;
  /**
   * The messages for a model, filled as a target of an experiment fills them: mustache without escaping, objects and lists as JSON.
   * A prompt of the kind text is one message of the user.
   *
   * @param variables by name; what only sections use may be missing.
   * @param placeholders the messages that are put in, by the name of their place.
   * @throws AssayError PROMPT_VARIABLE_MISSING with all names at once; PROMPT_INVALID for templates that cannot be filled.
   */
  compile(
    variables?: JsonObject,
    placeholders?: Readonly<Record<string, readonly RenderedMessage[]>>,
  ): readonly RenderedMessage[];
  /** For the root span of whoever uses it. */
  readonly traceMetadata: Readonly<
    Record<'assay.prompt_name' | 'assay.prompt_version' | 'assay.prompt_source', string>
  >;
}

interface Answer extends PromptContent {
  readonly version: string;
  readonly labels: readonly string[];
}

interface Copy {
  readonly version: string;
  readonly content: PromptContent;
  readonly contentHash: string;
  readonly labels: readonly string[];
}

export interface PromptCacheOptions {
  /** Asks the platform; undefined where it has none of these. */
  readonly load: (
    name: string,
    which: PromptSelector,
    signal: AbortSignal,
  ) => Promise<Answer | undefined>;
  /** What the platform said last, for the time when it is away. */
  readonly copies?: {
    keep(name: string, selector: string, copy: Copy): Promise<void>;
    find(name: string, selector: string): Promise<Copy | undefined>;
    /** The platform says that it has none of these: what it once said is no answer any more. */
    forget(name: string, selector: string): Promise<void>;
  };
  /** What git says, where nothing else is left. */
  readonly file?: (
    name: string,
  ) => Promise<{ readonly content: PromptContent; readonly contentHash: string } | undefined>;
  /** How long an answer is served without asking again. Default 60 s; a version never changes. */
  readonly ttlMs?: number;
  /** How long the platform may take. Default 5 s. */
  readonly timeoutMs?: number;
  /** After how long what the platform said last is served instead, where there is such; it is asked on. Default 1 s. */
  readonly patienceMs?: number;
  /** Answers in memory; the oldest go first. Default 1,000. */
  readonly maxEntries?: number;
  /** A monotonic clock in milliseconds, for tests. */
  readonly now?: () => number;
}

/** Prompts for applications, at any rate. */
export interface PromptCache {
  /**
   * `cache`: from memory. `stale`: from memory, past its time, while the platform is asked behind it. `platform`: it was asked just
   * now. While it does not answer: `last-known-good`, what it said last, also to a process before this one; `file`, what git says.
   *
   * @throws AssayError PROMPT_NOT_FOUND where the platform says that there is none; else what the platform failed with.
   */
  fetch(wish: PromptWish): Promise<FetchedPrompt>;
  /** Resolves when nothing is asked or written any more. */
  settled(): Promise<void>;
}

interface Entry {
  /** As later callers get it while it is fresh, and after. */
  readonly fresh: FetchedPrompt;
  readonly stale: FetchedPrompt;
  until: number;
}

/** A platform that failed is asked again after so long. */
const pauseMs = 5_000;

/** Makes a cache; nothing is asked yet. */
export function createPromptCache(options: PromptCacheOptions): PromptCache {
  const { load, copies, file, ttlMs = 60_000, timeoutMs = 5_000, maxEntries = 1_000 } = options;
  const { patienceMs = 1_000 } = options;
  const now = options.now ?? (() => performance.now());
  const entries = new Map<string, Entry>();
  const asking = new Map<string, Promise<FetchedPrompt>>();
  const working = new Set<Promise<unknown>>();

  const supervised = (work: Promise<unknown>): void => {
    const settled = work.catch(() => undefined).finally(() => working.delete(settled));
    working.add(settled);
  };

  const remember = (key: string, of: { entry: Entry }): void => {
    entries.delete(key);
    entries.set(key, of.entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries) break;
      entries.delete(oldest);
    }
  };

  /** The platform's answer, kept in memory and for later processes. */
  const ask = async (key: string, wish: Wanted): Promise<FetchedPrompt> => {
    const { name, which, selector } = wish;
    const answer = await load(name, which, AbortSignal.timeout(timeoutMs));
    if (answer === undefined) {
      entries.delete(key);
      if (copies !== undefined) supervised(copies.forget(name, selector));
      const missing =
        'version' in which ? `version ${which.version}` : `version with the label "${which.label}"`;
      throw new AssayError('PROMPT_NOT_FOUND', `The platform has no ${missing} of "${name}".`, {
        mend: 'See `assay prompts list`, or push it first.',
      });
    }
    const { body, config, version, labels } = answer;
    const content = { body, config };
    const served = { name, version, labels, content, contentHash: promptContentHash(content) };
    const until = 'version' in which ? Number.POSITIVE_INFINITY : now() + ttlMs;
    const entry = { fresh: fetched(served, 'cache'), stale: fetched(served, 'stale'), until };
    remember(key, { entry });
    if (copies !== undefined) supervised(copies.keep(name, selector, served));
    return fetched(served, 'platform');
  };

  /** One question at a time for one prompt. */
  const askOnce = (key: string, wish: Wanted): Promise<FetchedPrompt> => {
    const running = asking.get(key);
    if (running !== undefined) return running;
    const question = ask(key, wish).finally(() => asking.delete(key));
    asking.set(key, question);
    supervised(question);
    return question;
  };

  /** What the platform said last, for a while; its next answer takes the place of it. */
  const lastKnown = async (key: string, { name, selector }: Wanted) => {
    const copy = await copies?.find(name, selector).catch(() => undefined);
    if (copy === undefined) return undefined;
    const served = fetched({ name, ...copy }, 'last-known-good');
    if (!entries.has(key)) {
      remember(key, { entry: { fresh: served, stale: served, until: now() + pauseMs } });
    }
    return served;
  };

  /** A platform that hangs keeps no application waiting that could go on with what it had. */
  const askWithPatience = async (key: string, wish: Wanted): Promise<FetchedPrompt> => {
    const question = askOnce(key, wish);
    let timer: NodeJS.Timeout | undefined;
    const slow = new Promise<'slow'>((resolve) => {
      timer = setTimeout(resolve, patienceMs, 'slow');
    });
    try {
      const first = await Promise.race([question, slow]);
      return first === 'slow' ? ((await lastKnown(key, wish)) ?? (await question)) : first;
    } finally {
      clearTimeout(timer);
    }
  };

  /** What there is without the platform. */
  const without = async (key: string, wish: Wanted, error: unknown): Promise<FetchedPrompt> => {
    // Its clear word: what it once had is no answer to that.
    if (AssayError.is(error) && error.code === 'PROMPT_NOT_FOUND') throw error;
    const known = entries.get(key);
    if (known !== undefined) return known.stale;
    const copy = await lastKnown(key, wish);
    if (copy !== undefined) return copy;
    const { name } = wish;
    const git = await file?.(name).catch(() => undefined);
    if (git === undefined) throw error;
    const served = fetched({ name, version: 'file', labels: [], ...git }, 'file');
    // Not asked again by each of a thousand requests a second.
    remember(key, { entry: { fresh: served, stale: served, until: now() + pauseMs } });
    return served;
  };

  return {
    async fetch(request) {
      const key = keyOf(request);
      const known = entries.get(key);
      if (known !== undefined && request.fresh !== true) {
        if (now() < known.until) return known.fresh;
        // Where the platform is away, callers of the next seconds need not ask as well.
        known.until = now() + pauseMs;
        askOnce(key, wanted(request)).catch(() => undefined);
        return known.stale;
      }
      const wish = wanted(request);
      try {
        // A question that is on its way may have been answered before what is asked for now was done.
        return await (request.fresh === true ? ask(key, wish) : askWithPatience(key, wish));
      } catch (error) {
        return without(key, wish, error);
      }
    },
    async settled() {
      while (working.size > 0) await Promise.all(working);
    },
  };
}

interface Wanted {
  readonly name: string;
  readonly which: PromptSelector;
  readonly selector: string;
}

// On the path of every request of an application: no object is made for it.
const keyOf = ({ name, label, version }: PromptWish): string =>
  version === undefined ? `l ${label ?? 'production'} ${name}` : `v ${version} ${name}`;

function wanted({ name, label = 'production', version }: PromptWish): Wanted {
  return version === undefined
    ? { name, which: { label }, selector: `label:${label}` }
    : { name, which: { version }, selector: `version:${version}` };
}

function fetched(of: { readonly name: string } & Copy, source: PromptOrigin): FetchedPrompt {
  const { name, version, labels, content, contentHash } = of;
  return Object.freeze({
    name,
    version,
    body: content.body,
    config: content.config,
    contentHash,
    labels,
    source,
    compile: (
      variables?: JsonObject,
      placeholders?: Readonly<Record<string, readonly RenderedMessage[]>>,
    ) => compilePrompt({ name, body: content.body }, variables, placeholders),
    traceMetadata: Object.freeze({
      'assay.prompt_name': name,
      'assay.prompt_version': version,
      'assay.prompt_source': source,
    }),
  });
}
