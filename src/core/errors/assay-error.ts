import { catalogue, isErrorCode, type CatalogueEntry, type ErrorCode } from './catalogue.js';

/** One thing that is wrong: where it is, what is wrong, and what mends it. Never holds a secret. */
export interface Problem {
  /** Where: a path in the input such as `targets.triage.url`, a variable, or `file:line:column`. */
  readonly at: string;
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** What to do about it, in one sentence. */
  readonly mend?: string;
}

/** What an error may carry beside its code. */
export interface AssayErrorOptions {
  /** All problems found, not only the first. */
  readonly problems?: readonly Problem[];
  /** What to do about it, in one sentence. */
  readonly mend?: string;
  readonly cause?: unknown;
  /** The shortest wait before the same call can succeed, in milliseconds. */
  readonly retryAfterMs?: number;
}

// A symbol of the global registry, since `instanceof` fails across realms (the workflow sandbox, Jest).
const brand = Symbol.for('assay.error');

/**
 * The one error of Assay. `message` is safe to show to anybody; what must stay inside is in `cause`.
 *
 * @example
 * throw new AssayError('DATASET_EMPTY', 'The dataset "tickets" has no items.', {
 *   mend: 'Add items to datasets/tickets/test_cases.json.',
 * });
 */
export class AssayError extends Error {
  override readonly name = 'AssayError';
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];
  readonly mend: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: AssayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [];
    this.mend = options.mend;
    this.retryAfterMs = options.retryAfterMs;
    Object.defineProperty(this, brand, { value: true });
  }

  /** The catalogue's row: HTTP status, exit code, retryability, title. */
  get entry(): CatalogueEntry {
    return catalogue[this.code];
  }

  /** The plain form that crosses process borders (Temporal details, `--json`, problem documents). */
  toJSON(): ErrorDocument {
    return {
      code: this.code,
      title: this.entry.title,
      message: this.message,
      problems: this.problems,
      ...(this.mend === undefined ? {} : { mend: this.mend }),
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
    };
  }

  /** Works across realms, unlike `instanceof`. */
  static is(error: unknown): error is AssayError {
    return typeof error === 'object' && error !== null && brand in error;
  }

  /** Rebuilds an error from its plain form; an unknown code becomes INTERNAL. */
  static from(document: ErrorDocument): AssayError {
    const code = isErrorCode(document.code) ? document.code : 'INTERNAL';
    return new AssayError(code, document.message, {
      problems: document.problems,
      ...(document.mend === undefined ? {} : { mend: document.mend }),
      ...(document.retryAfterMs === undefined ? {} : { retryAfterMs: document.retryAfterMs }),
    });
  }
}

/** The plain form of an {@link AssayError}. */
export interface ErrorDocument {
  readonly code: string;
  readonly title: string;
  readonly message: string;
  readonly problems: readonly Problem[];
  readonly mend?: string;
  readonly retryAfterMs?: number;
}

/** Any thrown value as an error document; what is not ours becomes INTERNAL with its message. */
export function toErrorDocument(error: unknown, fallback: ErrorCode = 'INTERNAL'): ErrorDocument {
  if (AssayError.is(error)) return error.toJSON();
  return {
    code: fallback,
    title: catalogue[fallback].title,
    message: messageOf(error),
    problems: [],
  };
}

// User code can throw anything: an object without a prototype, or whose `message` or `toString` throws in turn.
function messageOf(error: unknown): string {
  try {
    const message: unknown =
      typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
    return typeof message === 'string' ? message : String(error);
  } catch {
    return `something that cannot be shown was thrown (${typeof error})`;
  }
}
