import type { Dispatcher } from 'undici';

import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import type { RequestPacer } from '../http/pacing.js';
import { createTurns, type InTurn } from '../in-turn.js';
import { isUuid } from './ids.js';
import type { FStringReader } from './template-format.js';

/** How a LangSmith server is reached and how what is sent to it is marked. */
export interface LangsmithOptions {
  /** The address of the API: `https://api.smith.langchain.com`, or `https://host/api/v1` of a server of one's own. */
  readonly endpoint: string;
  readonly apiKey: string;
  /** Stands before the names of experiments: `project/experiment`. */
  readonly project?: string;
  /** The workspace, where the key is good for several. */
  readonly workspaceId?: string;
  /** Where people look at it. Default: what the official client makes of the endpoint. */
  readonly webUrl?: string;
  /** Shown on each run, with the release. */
  readonly environment?: string;
  readonly release?: string;
  /** The longest any one request may take, in milliseconds. Default 30 s; signals can only shorten it. */
  readonly timeoutMs?: number;
  /** How long after it was taken a run can stay unseen, in milliseconds. Default 15 s. */
  readonly visibilityMs?: number;
  /** Where requests go through, such as a proxy agent. Default: an agent of its own, closed by `close()`. */
  readonly dispatcher?: Dispatcher;
  /** Asked before each request but those of ingestion. Default: nobody is asked. */
  readonly pacer?: RequestPacer;
  /** Whoever writes a prompt waits here for its turn. Default: turns of this platform object only. */
  readonly promptTurns?: InTurn;
  /** Reads prompts that are written as f-strings. Without it they cannot be read, and say so. */
  readonly fStrings?: FStringReader;
}

/** The options with defaults, checked and frozen. */
export interface LangsmithSettings {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly webUrl: string;
  readonly apiKey: string;
  readonly project: string | undefined;
  readonly workspaceId: string | undefined;
  readonly environment: string | undefined;
  readonly release: string | undefined;
  readonly timeoutMs: number;
  readonly visibilityMs: number;
  readonly dispatcher: Dispatcher | undefined;
  readonly pacer: RequestPacer | undefined;
  readonly promptTurns: InTurn;
  readonly fStrings: FStringReader | undefined;
}

/**
 * Checks the options.
 * @throws AssayError ENVIRONMENT_INVALID with all problems, naming variables and never a key.
 */
export function readOptions(options: LangsmithOptions): LangsmithSettings {
  const problems = [
    ...addressProblems('LANGSMITH_ENDPOINT', options.endpoint),
    ...(options.webUrl === undefined ? [] : addressProblems('LANGSMITH_WEB_URL', options.webUrl)),
    ...keyProblems(options.apiKey),
    ...workspaceProblems(options.workspaceId),
  ];
  if (problems.length > 0) {
    throw new AssayError('ENVIRONMENT_INVALID', 'The settings for LangSmith have problems.', {
      problems,
    });
  }
  const baseUrl = options.endpoint.replace(/\/+$/, '');
  return Object.freeze({
    baseUrl,
    webUrl: (options.webUrl ?? webUrlOf(baseUrl)).replace(/\/+$/, ''),
    apiKey: options.apiKey,
    project: options.project === '' ? undefined : options.project,
    workspaceId: options.workspaceId,
    environment: options.environment,
    release: options.release,
    timeoutMs: options.timeoutMs ?? 30_000,
    visibilityMs: options.visibilityMs ?? 15_000,
    dispatcher: options.dispatcher,
    pacer: options.pacer,
    promptTurns: options.promptTurns ?? createTurns(),
    fStrings: options.fStrings,
  });
}

/** Where the pages of an API are: those of the cloud's regions, else the API's own host. */
function webUrlOf(endpoint: string): string {
  const { hostname, origin, pathname } = new URL(endpoint);
  const region = /^(?:([a-z]+)\.)?api\.smith\.langchain\.com$/.exec(hostname);
  if (region !== null) {
    return `https://${region[1] === undefined ? '' : `${region[1]}.`}smith.langchain.com`;
  }
  return `${origin}${pathname.replace(/\/api(\/v1)?\/?$/, '')}`;
}

function addressProblems(at: string, address: string): readonly Problem[] {
  const mend = 'Set it to an address such as https://api.smith.langchain.com.';
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    return [{ at, message: 'It is not an http or https address.', mend }];
  }
  // A key in the address would stand in every log line that names the server.
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return [{ at, message: 'It holds more than an address and a path.', mend }];
  }
  return [];
}

function keyProblems(apiKey: string): readonly Problem[] {
  if (apiKey.trim() !== '' && !/[\r\n]/.test(apiKey)) return [];
  return [
    {
      at: 'LANGSMITH_API_KEY',
      message: 'It is empty or holds a line break.',
      mend: 'Copy the key from the settings of LangSmith, API keys.',
    },
  ];
}

function workspaceProblems(workspaceId: string | undefined): readonly Problem[] {
  if (workspaceId === undefined || isUuid(workspaceId)) return [];
  return [
    {
      at: 'LANGSMITH_WORKSPACE_ID',
      message: 'It is not a workspace id.',
      mend: 'Copy the id (a UUID) from the settings of the workspace, or leave it out.',
    },
  ];
}
