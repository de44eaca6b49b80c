import type { z } from 'zod';

import { schemaProblems } from '../contracts/schema-problems.js';
import type { Backend, PlatformName } from '../contracts/backend.js';
import { projectIdSchema } from '../contracts/names.js';
import type { PromptSelector } from '../contracts/prompt.js';
import {
  movePromptLabelSchema,
  pushPromptSchema,
  type ForeseenPush,
  type MovedPrompt,
  type MovePromptLabelInput,
  type PromptMove,
  type PromptReply,
  type PushedPrompt,
  type PushPromptInput,
} from '../contracts/prompt-protocol.js';
import { AssayError, toErrorDocument, type ErrorDocument } from '../core/errors/assay-error.js';
import type { PlatformDescription } from '../platforms/port.js';
import type { PlatformPrompts, PromptSummary, PromptVersion } from '../platforms/prompt-port.js';
import type { FetchedPrompt, PromptWish } from '../prompts/prompt-cache.js';
import { foreseePush } from '../prompts/push-plan.js';
import { promptHistory } from '../store/prompts/moves.js';
import {
  choosePromptPlatforms,
  runPromptCommand,
  type PromptCommandOptions,
} from './prompt-commands.js';
import { platformNamed, platformsOf } from './platforms.js';
import type { PromptFetchers } from './prompt-fetchers.js';
import { refuseOtherProjects } from './same-projects.js';
import type { Transport } from './transport.js';

export type {
  ForeseenPush,
  MovedPrompt,
  MovePromptLabelInput,
  PromptMove,
  PromptReply,
  PushedPrompt,
  PushPromptInput,
} from '../contracts/prompt-protocol.js';
export type { PromptCommandOptions, PromptProgress } from './prompt-commands.js';
export type { PromptSummary, PromptVersion } from '../platforms/prompt-port.js';
export type { FetchedPrompt, PromptWish } from '../prompts/prompt-cache.js';

/** What a platform holds, read directly. */
export interface PromptLibrary {
  readonly platform: string;
  readonly prompts: PlatformPrompts;
}

/** Prompts between git, the platforms and applications. */
export interface Prompts {
  /**
   * Brings a prompt onto the platforms: a version only where the content is new there. Durable; what failed on one platform is
   * in the answer and keeps nothing from the other. A platform that is away is waited for up to two minutes.
   *
   * @throws AssayError PROMPT_INVALID, PROMPT_BUSY, WORKER_MISSING, TEMPORAL_UNREACHABLE, and PLATFORM_NOT_CONFIGURED where the
   *   worker lacks keys: then nothing was done on any platform.
   */
  push(
    request: PushPromptInput,
    options?: PromptCommandOptions<PushedPrompt>,
  ): Promise<PromptReply<PushedPrompt>>;
  /** Promotes, or rolls back. Durable, recorded. @throws as {@link push}, and PROMPT_LABEL_INVALID */
  move(
    request: MovePromptLabelInput,
    options?: PromptCommandOptions<MovedPrompt>,
  ): Promise<PromptReply<MovedPrompt>>;
  /**
   * What a push would do on the platforms of a backend (default: the first whose keys are set here), decided as the push decides;
   * nothing is written. A platform that would refuse it, or does not answer, is in the answer.
   *
   * @throws AssayError PROMPT_INVALID, PLATFORM_NOT_CONFIGURED
   */
  foresee(
    request: PushPromptInput,
  ): Promise<
    readonly (
      | ForeseenPush
      | { readonly platform: string; readonly outcome: 'failed'; readonly error: ErrorDocument }
    )[]
  >;
  /**
   * The platforms that commands of a backend go to, as a worker says; default, those of its config. What a worker carries out (pushes,
   * runs, gates, moves) goes by its keys: it is refused where those set here lead to another project on one of `sameProject`.
   *
   * @throws AssayError PLATFORM_PROJECT_DIFFERS, PLATFORM_NOT_CONFIGURED, WORKER_MISSING, TEMPORAL_UNREACHABLE
   */
  platforms(of: {
    readonly project: string;
    readonly backend?: Backend;
    readonly sameProject?: readonly PlatformName[];
  }): Promise<readonly string[]>;
  /** Who moved its labels, the newest first. @param of.limit default 50, at most 1,000. */
  history(of: {
    readonly project: string;
    readonly name: string;
    readonly limit?: number;
  }): Promise<readonly PromptMove[]>;
  /** All names on a platform. @throws AssayError PLATFORM_* */
  list(of?: PromptReading): Promise<readonly PromptSummary[]>;
  /**
   * The versions of a prompt, newest first; none where it is unknown.
   *
   * @param of.limit default 50, at least 1.
   * @throws AssayError PLATFORM_*, and PROMPT_INVALID for a version that holds what cannot be read.
   */
  versions(
    name: string,
    of?: PromptReading & { readonly limit?: number },
  ): Promise<readonly PromptVersion[]>;
  /** One version as it stands there; undefined where there is none. @throws AssayError PLATFORM_* */
  get(name: string, which: PromptSelector, of?: PromptReading): Promise<PromptVersion | undefined>;
  /** Where a person looks at it. @throws AssayError PLATFORM_* */
  url(name: string, of?: PromptReading): Promise<string>;
  /** Those of a backend; default the first whose keys are set here. @throws AssayError PLATFORM_NOT_CONFIGURED */
  libraries(backend?: Backend): readonly PromptLibrary[];
  /**
   * A prompt for an application, at any rate: from memory while it is fresh (60 s), else from the platform, else what the platform
   * said last, else the files of the project. Which of them it was is in `source`, for the trace.
   *
   * @throws AssayError PROMPT_NOT_FOUND where the platform says that there is none; PLATFORM_* where nothing else has it either.
   *
   * @example
   * const prompt = await client.prompts.fetch({ project: 'support', name: 'triage', label: 'production' });
   * span.setAttributes(prompt.traceMetadata);
   */
  fetch(
    wish: PromptWish & {
      readonly project: string;
      /** Default: the first whose keys are set here. */
      readonly platform?: PlatformName;
    },
  ): Promise<FetchedPrompt>;
}

/** Where it is read, and how long that may take. */
export interface PromptReading {
  /** Default: the first whose keys are set here. */
  readonly platform?: PlatformName;
  /** Default: 30 s. */
  readonly signal?: AbortSignal;
}

export function createPrompts(transport: Transport, fetchers: PromptFetchers): Prompts {
  const libraries = (backend?: Backend): readonly PromptLibrary[] =>
    platformsOf(transport, backend).map(({ name, prompts }) => ({ platform: name, prompts }));
  const library = (name?: PlatformName): PlatformPrompts => platformNamed(transport, name).prompts;
  const places: Record<string, Promise<PlatformDescription> | undefined> = {};
  const within = ({ signal = AbortSignal.timeout(30_000) }: PromptReading): AbortSignal => signal;
  return {
    libraries,
    async push(input, options = {}) {
      const request = parsed(pushPromptSchema, input, 'PROMPT_INVALID');
      const command = { kind: 'push', request } as const;
      return runPromptCommand<PushedPrompt>(await transport.temporal(), command, options);
    },
    async move(input, options = {}) {
      const request = parsed(movePromptLabelSchema, input, 'PROMPT_LABEL_INVALID');
      const command = { kind: 'move', request } as const;
      return runPromptCommand<MovedPrompt>(await transport.temporal(), command, options);
    },
    foresee(input) {
      const request = parsed(pushPromptSchema, input, 'PROMPT_INVALID');
      return Promise.all(
        libraries(request.backend).map(async ({ platform, prompts }) => {
          try {
            const store = () => transport.store();
            return await foreseePush(request, { store, platform, prompts, signal: within({}) });
          } catch (error) {
            return { platform, outcome: 'failed' as const, error: toErrorDocument(error) };
          }
        }),
      );
    },
    async platforms({ sameProject = [], ...of }) {
      const asked = sameProject.length > 0 ? { ...of, places: true } : of;
      const chosen = await choosePromptPlatforms(await transport.temporal(), asked);
      if (sameProject.length > 0) await refuseOtherProjects(transport, chosen, sameProject);
      return chosen.platforms;
    },
    history: async ({ project, name, limit = 50 }) =>
      promptHistory(await transport.store(), { project, prompt: name, limit }),
    async list(of = {}) {
      const names: PromptSummary[] = [];
      for await (const page of library(of.platform).list(within(of))) names.push(...page);
      return names;
    },
    async versions(name, of = {}) {
      const { limit = 50 } = of;
      const found: PromptVersion[] = [];
      for await (const page of library(of.platform).versions(name, within(of))) {
        found.push(...page);
        if (found.length >= limit) break;
      }
      return found.slice(0, limit);
    },
    async url(name, of = {}) {
      const platform = platformNamed(transport, of.platform);
      const place = (places[platform.name] ??= platform
        .describe(within(of))
        .catch((error: unknown) => {
          // Asked again the next time.
          places[platform.name] = undefined;
          throw error;
        }));
      const { projectId } = await place;
      return platform.prompts.url(projectId, name);
    },
    get: (name, which, of = {}) => library(of.platform).get(name, which, within(of)),
    async fetch({ project, platform, ...wish }) {
      const id = parsed(projectIdSchema, project, 'NAME_INVALID');
      return fetchers.of(id, platform).fetch(wish);
    },
  };
}

function parsed<T extends z.ZodType>(
  schema: T,
  input: unknown,
  code: 'PROMPT_INVALID' | 'PROMPT_LABEL_INVALID' | 'NAME_INVALID',
): z.output<T> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = schemaProblems(result.error, 'request');
  const isLabel = code !== 'PROMPT_LABEL_INVALID' || problems.some(({ at }) => at === 'label');
  throw new AssayError(isLabel ? code : 'PROMPT_INVALID', 'The command has problems.', {
    problems,
  });
}
