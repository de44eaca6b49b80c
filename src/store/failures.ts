import { AssayError } from '../core/errors/assay-error.js';

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);
// 57P01–57P05: the server ends or starts; 53300: no connection is left; 3D000: the database is not there
// (yet); 28xxx: it refuses the account.
const serverCodes = /^(?:08...|57P0[1-5]|53300|3D000|28...)$/;
// What node-postgres and its pool throw without a code.
const messages =
  /^(?:Connection terminated|Client has encountered a connection error|Query read timeout|timeout e(?:xceeded|xpired)|timeout exceeded when trying to connect|Client was closed|The server does not support SSL|Cannot use a pool after calling end)/i;

const codeOf = (error: unknown): string | undefined => {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
};

/** Whether Postgres did not answer, as opposed to refusing a statement. */
function isUnreachable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnreachable);
  const code = codeOf(error);
  if (code !== undefined) return networkCodes.has(code) || serverCodes.test(code);
  return error instanceof Error && messages.test(error.message);
}

/** Whether the same statement can succeed when it is simply sent again: a deadlock or a serialisation failure. */
export function isCollision(error: unknown): boolean {
  const code = codeOf(error);
  return code === '40P01' || code === '40001';
}

/** `host:port/database` of a connection string: never the account or its password. */
export function placeOf(databaseUrl: string): string {
  try {
    const url = new URL(databaseUrl);
    const host = url.searchParams.get('host') ?? url.hostname;
    return `${host === '' ? 'localhost' : host}:${url.port === '' ? '5432' : url.port}${url.pathname}`;
  } catch {
    return 'the address in DATABASE_URL';
  }
}

/** SQLSTATE 28000 and 28P01, `invalid_authorization_specification` and `invalid_password`: it answers, but not to us. */
const accountRefused = new Set(['28000', '28P01']);

/** The coded form of what Postgres or its driver threw; what is no connection failure passes as it is. */
export function codedFailure(error: unknown, place: string): unknown {
  if (AssayError.is(error) || !isUnreachable(error)) return error;
  // The driver's messages name accounts and addresses but never passwords.
  const reason = codeOf(error) ?? (error instanceof Error ? error.message : 'no answer');
  if (accountRefused.has(reason)) {
    return new AssayError(
      'POSTGRES_UNREACHABLE',
      `Postgres at ${place} refuses the account or its password (${reason}).`,
      { mend: 'Set the account and the password that DATABASE_URL names.', cause: error },
    );
  }
  return new AssayError(
    'POSTGRES_UNREACHABLE',
    `Postgres at ${place} does not answer (${reason}).`,
    {
      mend: 'Start Postgres, or set DATABASE_URL to one that is reachable.',
      cause: error,
    },
  );
}
