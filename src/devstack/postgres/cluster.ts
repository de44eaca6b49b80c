import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { AssayError } from '../../core/errors/assay-error.js';
import type { Account } from './account.js';

/** The superuser of the embedded cluster. */
export const POSTGRES_USER = 'assay';

/** Where a cluster's data and the password of its superuser lie. */
export interface Cluster {
  readonly data: string;
  readonly password: string;
}

export interface ClusterOptions {
  readonly folder: string;
  readonly initdb: string;
  readonly account: Account | undefined;
  /** Skip flushing to disk; for throwaway clusters of tests. */
  readonly throwaway?: boolean;
  readonly signal?: AbortSignal | undefined;
}

const writeSecret = (file: string, secret: string, account: Account | undefined): void => {
  writeFileSync(file, secret, { mode: 0o600 });
  // initdb reads it as the account that it runs as.
  if (account !== undefined) chownSync(file, account.uid, account.gid);
};

const run = (options: ClusterOptions, args: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const settings = {
      ...options.account,
      cwd: options.folder,
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    execFile(options.initdb, args, settings, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else if (options.signal?.aborted === true)
        reject(new Error('initdb was interrupted', { cause: error }));
      else {
        reject(
          new AssayError(
            'POSTGRES_START_FAILED',
            `initdb failed: ${stderr.trim() === '' ? error.message : stderr.trim()}`,
            {
              mend: 'Mend what initdb names, or set DATABASE_URL to a Postgres of yours.',
              cause: error,
            },
          ),
        );
      }
    });
  });

const initialise = async (options: ClusterOptions): Promise<string> => {
  const { folder, account } = options;
  const draftName = `data-${randomBytes(4).toString('hex')}.tmp`;
  const passwordFile = join(folder, 'password');
  const password = randomBytes(24).toString('base64url');
  writeSecret(passwordFile, password, account);
  const draft = join(folder, draftName);
  await run(options, [
    `--pgdata=${draft}`,
    `--username=${POSTGRES_USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The same order of text on every machine, whatever its C library knows.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
    ...(options.throwaway === true ? ['--no-sync'] : []),
  ]);
  renameSync(draft, join(folder, 'data'));
  return password;
};

/**
 * The project's cluster, made when there is none. A draft that an interrupted start left is removed: only
 * a finished initdb gets the name `data`.
 *
 * @throws AssayError POSTGRES_START_FAILED when initdb fails, or when the password's file is gone.
 */
export const ensureCluster = async (options: ClusterOptions): Promise<Cluster> => {
  const { folder } = options;
  const data = join(folder, 'data');
  for (const entry of readdirSync(folder)) {
    if (entry.startsWith('data-') && entry.endsWith('.tmp')) {
      rmSync(join(folder, entry), { recursive: true, force: true });
    }
  }
  if (!existsSync(data)) return { data, password: await initialise(options) };
  const passwordFile = join(folder, 'password');
  if (existsSync(passwordFile)) return { data, password: readFileSync(passwordFile, 'utf8') };
  throw new AssayError(
    'POSTGRES_START_FAILED',
    `The password of the embedded Postgres (${passwordFile}) is gone.`,
    { mend: 'Start with --reset (the data is lost), or put the file back.' },
  );
};
