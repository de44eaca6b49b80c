import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Account } from './account.js';

const EXECUTE = 0o1;
const READ = 0o4;

const permits = (path: string, account: Account, bits: number): boolean => {
  const facts = statSync(path);
  if (facts.uid === account.uid) return ((facts.mode >> 6) & bits) === bits;
  if (facts.gid === account.gid) return ((facts.mode >> 3) & bits) === bits;
  return (facts.mode & bits) === bits;
};

const ancestors = (path: string): readonly string[] => {
  const parent = dirname(path);
  return parent === path ? [path] : [path, ...ancestors(parent)];
};

/**
 * Can the account get through to the folder? A clone in /root or in `mktemp -d` (0700) stops it at an
 * ancestor, where initdb would die with a bare EACCES.
 */
export const canTraverse = (folder: string, account: Account): boolean =>
  ancestors(realpathSync(folder)).every((ancestor) => permits(ancestor, account, EXECUTE));

/** Can the account get through to the folder and read there? */
export const canReach = (folder: string, account: Account): boolean =>
  permits(realpathSync(folder), account, READ | EXECUTE) && canTraverse(folder, account);
