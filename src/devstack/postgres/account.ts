import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { AssayError } from '../../core/errors/assay-error.js';

/** The account that runs Postgres' processes and owns its files. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const PREFERRED = 'postgres';

const lookUp = (name: string): Account | undefined => {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: +uid, gid: +gid };
};

const create = (): void => {
  const quiet = { stdio: 'ignore' } as const;
  try {
    execFileSync(
      'useradd',
      ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', PREFERRED],
      quiet,
    );
  } catch {
    // No useradd, or no right to write /etc/passwd (a container's read-only root): fall back below.
  }
};

/**
 * The unprivileged account for Postgres, which refuses to run as root: `postgres` (created when there
 * is none), else `nobody`. Undefined when this process is not root and so runs Postgres as itself.
 *
 * @throws AssayError POSTGRES_START_FAILED when root finds no such account.
 */
export const postgresAccount = (): Account | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  if (lookUp(PREFERRED) === undefined) create();
  const account = lookUp(PREFERRED) ?? lookUp('nobody');
  if (account !== undefined && account.uid !== 0) return account;
  throw new AssayError(
    'POSTGRES_START_FAILED',
    'Postgres does not run as root, and no unprivileged account was found or could be created.',
    {
      mend: 'Create one (useradd --system postgres), run as a plain user, or set DATABASE_URL to a Postgres of yours.',
    },
  );
};
