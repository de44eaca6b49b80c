import type { Dispatcher } from 'undici';

import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import type { RequestPacer } from '../http/pacing.js';
import { createTurns, type InTurn } from '../in-turn.js';

/** How a Langfuse server is reached and how what is sent to it is marked. */
export interface LangfuseOptions {
  /** The address of the server, such as `https://cloud.langfuse.com`; a path prefix is kept. */
  readonly baseUrl: string;
  readonly publicKey: string;
  readonly secretKey: string;
  /** The Langfuse environment that spans and scores are filed under. */
  readonly environment: string;
  /** The release that spans carry (LANGFUSE_RELEASE). */
  readonly release?: string;
  /** The longest any one request may take, in milliseconds. Default 30 s; signals can only shorten it. */
  readonly timeoutMs?: number;
  /** Where requests go through, such as a proxy agent. Default: an agent of its own, closed by `close()`. */
  readonly dispatcher?: Dispatcher;
  /** Asked before each request but those of ingestion. Default: nobody is asked. */
  readonly pacer?: RequestPacer;
  /** Whoever writes a prompt waits here for its turn. Default: turns of this platform object only. */
  readonly promptTurns?: InTurn;
}

/** The options with defaults, checked and frozen. */
export interface LangfuseSettings {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly publicKey: string;
  readonly secretKey: string;
  readonly environment: string;
  readonly release: string | undefined;
  readonly timeoutMs: number;
  readonly dispatcher: Dispatcher | undefined;
  readonly pacer: RequestPacer | undefined;
  readonly promptTurns: InTurn;
}

/**
 * Checks the options.
 * @throws AssayError ENVIRONMENT_INVALID with all problems, naming variables and never a key.
 */
export function readOptions(options: LangfuseOptions): LangfuseSettings {
  const problems: Problem[] = [...baseUrlProblems(options.baseUrl), ...keyProblems(options)];
  // The server files what it does not take under `default`, without a word.
  if (!/^(?!langfuse)[a-z0-9_-]{1,40}$/.test(options.environment)) {
    problems.push({
      at: 'LANGFUSE_TRACING_ENVIRONMENT',
      message: 'It is not an environment name that Langfuse takes.',
      mend: 'Use 1 to 40 lower-case letters, digits, hyphens and underscores, not beginning with langfuse.',
    });
  }
  if (problems.length > 0) {
    throw new AssayError('ENVIRONMENT_INVALID', 'The settings for Langfuse have problems.', {
      problems,
    });
  }
  return Object.freeze({
    baseUrl: options.baseUrl.replace(/\/+$/, ''),
    publicKey: options.publicKey,
    secretKey: options.secretKey,
    environment: options.environment,
    release: options.release,
    timeoutMs: options.timeoutMs ?? 30_000,
    dispatcher: options.dispatcher,
    pacer: options.pacer,
    promptTurns: options.promptTurns ?? createTurns(),
  });
}

function baseUrlProblems(baseUrl: string): readonly Problem[] {
  const at = 'LANGFUSE_HOST';
  const mend = 'Set it to the address of the server, such as https://cloud.langfuse.com.';
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    return [{ at, message: 'It is not an http or https address.', mend }];
  }
  // A key in the address would stand in every log line that names the server.
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return [{ at, message: 'It holds more than an address and a path.', mend }];
  }
  return [];
}

function keyProblems(options: LangfuseOptions): readonly Problem[] {
  const keys = [
    ['LANGFUSE_PUBLIC_KEY', options.publicKey],
    ['LANGFUSE_SECRET_KEY', options.secretKey],
  ] as const;
  return keys
    .filter(([, key]) => key.trim() === '' || /[\r\n]/.test(key))
    .map(([at]) => ({
      at,
      message: 'It is empty or holds a line break.',
      mend: 'Copy the key from the project settings of Langfuse, API keys.',
    }));
}
