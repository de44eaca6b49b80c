/** What went wrong with the embedded stack, as a stable code that a caller can react to. */
export type DevstackErrorCode =
  | 'CHILD_NOT_READY'
  | 'PORT_TAKEN'
  | 'POSTGRES_START_FAILED'
  | 'POSTGRES_UNAVAILABLE'
  | 'STACK_RUNNING'
  | 'STACK_STATE_INVALID'
  | 'TEMPORAL_NOT_FOUND'
  | 'TEMPORAL_START_FAILED';

/** A failure of the embedded stack: a safe message, and what the user can do about it. */
export class DevstackError extends Error {
  override readonly name = 'DevstackError';
  readonly code: DevstackErrorCode;
  /** One sentence that says what to do. */
  readonly mend: string;

  constructor(
    code: DevstackErrorCode,
    message: string,
    options: { mend: string; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.mend = options.mend;
  }
}
