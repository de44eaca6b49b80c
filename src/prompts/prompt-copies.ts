import type { PlatformName } from '../contracts/backend.js';
import { keyHashOf, placeOf } from '../platforms/place.js';
import type { PlatformConnections } from '../platforms/connect.js';
import type { Platform } from '../platforms/port.js';
import { findPlace, keepPlace } from '../store/platform-places.js';
import { dropPromptCopy, findPromptCopy, keepPromptCopy } from '../store/prompts/copies.js';
import type { Store } from '../store/store.js';
import type { PromptCacheOptions } from './prompt-cache.js';

/** A server that does not say where a key leads is asked again after so long. */
const pauseMs = 300_000;
const timeoutMs = 10_000;

export interface PromptCopiesOptions {
  readonly project: string;
  readonly platform: Platform;
  readonly connections: PlatformConnections;
  /** Asked when something is kept or looked for. */
  readonly store: () => Promise<Store>;
}

/**
 * What the platform said last, in Postgres, by the project that the keys lead to as the server itself says it: new keys of a project
 * find what the old ones left, once the server has told them that it is theirs. Keys that it never saw find nothing while it is
 * away, since nobody could tell whose they are.
 */
export function keptInPostgres(
  options: PromptCopiesOptions,
): NonNullable<PromptCacheOptions['copies']> {
  const { project, platform, store } = options;
  const name: PlatformName = platform.name === 'langsmith' ? 'langsmith' : 'langfuse';
  const keyHash = keyHashOf(options.connections, name);
  let told: string | undefined;
  let asking: Promise<string | undefined> | undefined;
  let notBefore = 0;

  const remembered = async (): Promise<string> => {
    // A server that answers for prompts and nothing else still has its copies, for these very keys.
    told ??= await findPlace(await store(), keyHash);
    return told ?? JSON.stringify([name, keyHash]);
  };
  const ask = async (): Promise<string | undefined> => {
    try {
      const place = placeOf(await platform.describe(AbortSignal.timeout(timeoutMs)));
      await keepPlace(await store(), keyHash, place);
      return place;
    } catch {
      notBefore = performance.now() + pauseMs;
      return undefined;
    }
  };
  /** The server is asked once in a process, when it has just answered: what is remembered may be of a server before it. */
  const learned = async (): Promise<string> => {
    if (asking === undefined || (notBefore > 0 && performance.now() > notBefore)) {
      notBefore = 0;
      asking = ask();
    }
    told = (await asking) ?? told;
    return remembered();
  };
  const of = (source: string, prompt: string, selector: string) => ({
    project,
    source,
    prompt,
    selector,
  });

  return {
    keep: async (prompt, selector, copy) =>
      keepPromptCopy(await store(), of(await learned(), prompt, selector), copy),
    find: async (prompt, selector) =>
      findPromptCopy(await store(), of(await remembered(), prompt, selector)),
    forget: async (prompt, selector) =>
      dropPromptCopy(await store(), of(await learned(), prompt, selector)),
  };
}
