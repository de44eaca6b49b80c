import { hasCode } from './error-facts.js';
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { identify, isSameProcess, type ProcessIdentity } from './process-facts.js';

/** A lock that is held, and its release. */
export interface LockFile {
  release(): void;
}

const readHolder = (path: string): ProcessIdentity | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
};

const link = (from: string, to: string): boolean => {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
};

/**
 * Sets a dead holder's lock aside. Between our look and our rename another start may have done the same and
 * taken the lock: what we moved is then alive, and goes back.
 */
const breakStale = (path: string, aside: string): void => {
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  if (moved !== undefined && isSameProcess(moved)) link(aside, path);
  rmSync(aside, { force: true });
};

/**
 * Takes a lock that ends with its holder: the file names a process and its start time, so a lock that a
 * `kill -9` left behind is nobody's. The file appears with its content at once (link), never half written.
 *
 * @returns the lock, or the identity of the live process that holds it.
 */
export const takeLock = (path: string): LockFile | ProcessIdentity => {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  const self = identify(process.pid);
  writeFileSync(draft, JSON.stringify(self), { mode: 0o600 });
  try {
    for (let attempt = 0; ; attempt += 1) {
      if (link(draft, path)) {
        return {
          release: () => {
            if (readHolder(path)?.startedAt === self?.startedAt) rmSync(path, { force: true });
          },
        };
      }
      const holder = readHolder(path);
      if (holder !== undefined && isSameProcess(holder)) return holder;
      if (attempt > 10) throw new Error(`The lock ${path} changes hands too quickly.`);
      breakStale(path, `${draft}.stale`);
    }
  } finally {
    rmSync(draft, { force: true });
  }
};

/** Who holds the lock now, undefined when nobody alive does. */
export const lockHolder = (path: string): ProcessIdentity | undefined => {
  const holder = readHolder(path);
  return holder !== undefined && isSameProcess(holder) ? holder : undefined;
};
