/**
 * Whether a system call failed with this code. Not by `instanceof`: under Jest, Node's own errors are of
 * another realm than the `Error` that our code sees.
 */
export const hasCode = (error: unknown, code: string): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === code;

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
