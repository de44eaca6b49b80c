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
 * Can the account enter the folder and read there? A clone in /root or in `mktemp -d` (0700) stops it
 * at an ancestor, where initdb would die with a bare EACCES.
 */
export const canReach = (folder: string, account: Account): boolean => {
  const real = realpathSync(folder);
  return (
    permits(real, account, READ | EXECUTE) &&
    ancestors(real).every((ancestor) => permits(ancestor, account, EXECUTE))
  );
};
