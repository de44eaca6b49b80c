import type { LangfuseConnection, LangsmithConnection } from '../contracts/environment.js';
import type { PlatformName } from '../contracts/backend.js';
import { toMustache } from '../core/prompts/templates.js';
import { createLangfusePlatform } from './langfuse/platform.js';
import type { RequestPacer } from './http/pacing.js';
import type { InTurn } from './in-turn.js';
import { createLangsmithPlatform } from './langsmith/platform.js';
import type { Platform } from './port.js';

/** Which servers there are, and how what is sent to them is marked. */
export interface PlatformConnections {
  readonly langfuse?: LangfuseConnection;
  readonly langsmith?: LangsmithConnection;
}

export interface ConnectOptions {
  /** Langfuse's environment of traces and scores; LangSmith keeps it in the metadata. */
  readonly environment: string;
  /** The pacer of each server's requests. Default: nobody is asked. */
  readonly pacerOf?: (platform: PlatformName, url: string) => RequestPacer;
  /** Where writers of each server's prompts wait for their turns. Default: turns of this process. */
  readonly promptTurnsOf?: (platform: PlatformName, url: string) => InTurn;
}

/**
 * The platforms whose keys are there, in the order in which a dataset is looked for on them. No request is made.
 *
 * @throws AssayError ENVIRONMENT_INVALID where an address or a key cannot be used.
 */
export function connectPlatforms(
  { langfuse, langsmith }: PlatformConnections,
  options: ConnectOptions,
): readonly Platform[] {
  return [
    ...(langfuse === undefined ? [] : [connectLangfuse(langfuse, options)]),
    ...(langsmith === undefined ? [] : [connectLangsmith(langsmith, options)]),
  ];
}

const connectLangfuse = (
  { baseUrl, publicKey, secretKey, release }: LangfuseConnection,
  { environment, pacerOf, promptTurnsOf }: ConnectOptions,
): Platform =>
  createLangfusePlatform({
    baseUrl,
    publicKey,
    secretKey,
    environment,
    ...(pacerOf === undefined ? {} : { pacer: pacerOf('langfuse', baseUrl) }),
    ...(promptTurnsOf === undefined ? {} : { promptTurns: promptTurnsOf('langfuse', baseUrl) }),
    ...(release === undefined ? {} : { release }),
  });

const connectLangsmith = (
  { endpoint, apiKey, project, workspaceId }: LangsmithConnection,
  { environment, pacerOf, promptTurnsOf }: ConnectOptions,
): Platform =>
  createLangsmithPlatform({
    endpoint,
    apiKey,
    environment,
    fStrings: toMustache,
    ...(pacerOf === undefined ? {} : { pacer: pacerOf('langsmith', endpoint) }),
    ...(promptTurnsOf === undefined ? {} : { promptTurns: promptTurnsOf('langsmith', endpoint) }),
    ...(project === undefined ? {} : { project }),
    ...(workspaceId === undefined ? {} : { workspaceId }),
  });
