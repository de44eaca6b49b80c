/** Prompts as the platforms keep them. One implementation per platform; nothing here retries (durability 5). */
import type { AssayError } from '../core/errors/assay-error.js';
import type { PromptContent, PromptSelector } from '../contracts/prompt.js';

export type {
  PromptBody,
  PromptContent,
  PromptMessage,
  PromptSelector,
} from '../contracts/prompt.js';

/** One version, as it stands on a platform. */
export interface PromptVersion extends PromptContent {
  readonly name: string;
  /** Langfuse: a decimal number from 1. LangSmith: the commit's hash. */
  readonly version: string;
  readonly labels: readonly string[];
  readonly tags: readonly string[];
  readonly message?: string;
  /** ISO 8601; absent where the platform does not say. */
  readonly createdAt?: string;
}

export interface PromptSummary {
  readonly name: string;
  readonly labels: readonly string[];
  readonly tags: readonly string[];
  readonly updatedAt?: string;
}

export interface PromptToCreate extends PromptContent {
  readonly name: string;
  /** sha256 of the canonical content; `assay-<first 24 hex>` finds it there again. */
  readonly contentHash: string;
  readonly tags?: readonly string[];
  readonly labels?: readonly string[];
  readonly message?: string;
  /**
   * Whether the newest version must say this, so that `latest` serves it: where an older one does, another is made. Default: any
   * version will do.
   */
  readonly newest?: boolean;
}

/** What `ensure` would do. */
export type ForeseenPrompt =
  | {
      readonly outcome: 'unchanged';
      readonly version: string;
      /** Whether its tags stay as they are, though others are wanted. */
      readonly tagsStay?: boolean;
    }
  | {
      readonly outcome: 'create';
      /** Absent where the platform does not count them. */
      readonly version?: string;
    };

/** All methods throw AssayError (PLATFORM_*). */
export interface PlatformPrompts {
  /** Pages of names, in the platform's order. */
  list(signal: AbortSignal): AsyncIterable<readonly PromptSummary[]>;
  /** Undefined where there is no such prompt, label or version. */
  get(name: string, which: PromptSelector, signal: AbortSignal): Promise<PromptVersion | undefined>;
  /** As `get`, with references to other prompts replaced by their texts; absent where the platform knows none. */
  resolve?(
    name: string,
    which: PromptSelector,
    signal: AbortSignal,
  ): Promise<PromptVersion | undefined>;
  /**
   * All versions, newest first, page by page; none where the prompt is unknown.
   *
   * @param onUnreadable told of each version that holds what cannot be read, which is then passed over. Default: that is thrown.
   */
  versions(
    name: string,
    signal: AbortSignal,
    onUnreadable?: (version: string, error: AssayError) => void,
  ): AsyncIterable<readonly PromptVersion[]>;
  /** Looks for the content first, so that equal content is never a second version: `created` says what happened. */
  ensure(
    prompt: PromptToCreate,
    signal: AbortSignal,
  ): Promise<{ readonly version: string; readonly created: boolean }>;
  /** What `ensure` would do now; nothing is written. It throws what `ensure` would throw before it writes. */
  foresee(prompt: PromptToCreate, signal: AbortSignal): Promise<ForeseenPrompt>;
  /** Puts the label on this version and takes it from the others; nothing is sent where it stands there already. */
  moveLabel(
    name: string,
    to: { readonly label: string; readonly version: string },
    signal: AbortSignal,
  ): Promise<{ readonly moved: boolean; readonly from?: string }>;
  /** Where a person looks at it. */
  url(projectId: string, name: string): string;
}
