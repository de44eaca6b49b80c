import { hasCode } from '../error-facts.js';
import { createHash } from 'node:crypto';
import { chownSync, existsSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

import { AssayError } from '../../core/errors/assay-error.js';
import type { Account } from './account.js';
import { canTraverse } from './reach.js';

const OUTSIDE = '/var/tmp';

/**
 * A folder outside the project for Postgres' files: 0700, the account's own. Its name can be guessed and
 * /var/tmp is everybody's, so one that somebody else made, or a link, is refused.
 */
const outsideFolder = (path: string, account: Account): string => {
  try {
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, account.uid, account.gid);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
  const facts = lstatSync(path);
  const ours = facts.uid === account.uid || facts.uid === process.getuid?.();
  if (facts.isDirectory() && ours && (facts.mode & 0o077) === 0) {
    chownSync(path, account.uid, account.gid);
    return path;
  }
  throw new AssayError(
    'POSTGRES_START_FAILED',
    `${path} exists and is not a private folder of Postgres' account.`,
    { mend: 'Look at who made it, and remove it.' },
  );
};

const outsidePath = (projectDir: string): string => {
  const hash = createHash('sha256').update(realpathSync(projectDir)).digest('hex').slice(0, 12);
  return join(OUTSIDE, `assay-${process.getuid?.() ?? 0}-${hash}`);
};

/** Where the embedded Postgres of a project keeps its files. */
export interface PostgresPlace {
  readonly folder: string;
  /** For a copy of the programs, when node_modules is out of the account's reach. */
  copyFolder(): Promise<string>;
}

/** The folders that hold this project's Postgres files now, for a reset. */
export const postgresFolders = (projectDir: string): readonly string[] =>
  [join(projectDir, '.assay', 'postgres'), outsidePath(projectDir)].filter((path) =>
    existsSync(path),
  );

/**
 * `.assay/postgres`, or a folder in /var/tmp when Postgres' account cannot reach the project.
 * Data that lies outside already stays there, also after the project's folder was opened.
 */
export const postgresPlace = (projectDir: string, account: Account | undefined): PostgresPlace => {
  const outside = outsidePath(projectDir);
  const inside = join(projectDir, '.assay', 'postgres');
  if (account === undefined) {
    mkdirSync(inside, { recursive: true, mode: 0o700 });
    const copyFolder = (): Promise<string> => Promise.resolve(inside);
    return { folder: inside, copyFolder };
  }
  const copyFolder = (): Promise<string> => Promise.resolve(outsideFolder(outside, account));
  mkdirSync(join(projectDir, '.assay'), { recursive: true, mode: 0o711 });
  if (!existsSync(join(outside, 'data')) && canTraverse(join(projectDir, '.assay'), account)) {
    mkdirSync(inside, { recursive: true, mode: 0o700 });
    chownSync(inside, account.uid, account.gid);
    return { folder: inside, copyFolder };
  }
  return { folder: outsideFolder(outside, account), copyFolder };
};
