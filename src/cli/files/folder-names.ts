import type { Problem } from '../../core/errors/assay-error.js';
import { sha256 } from '../../core/ids/hash.js';

/** Device names of Windows: no folder of a repository that others check out may have one, with an extension or without. */
const reserved = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?$/i;
// Control characters, bidi overrides and line separators, which no folder should show.
// eslint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const longest = 100;

/** A name as it stands on a platform, and the folder that is to hold what it names. */
export interface NamedFolder {
  readonly name: string;
  readonly folder: string;
}

/**
 * The folder for a name from a platform: the name itself where it is a plain one; else its letters, digits, `.`, `_` and `-`, with
 * a dash for each run of others (`team/triage v2` → `team-triage-v2`). A name that tries to be a path is refused, not mended: who
 * gave it means another place.
 */
export function folderOf(
  name: string,
): { readonly folder: string } | { readonly problem: Problem } {
  const refuse = (message: string, mend = 'Rename it on the platform.') => ({
    problem: { at: shown(name), message, mend },
  });
  if (name.trim() === '') return refuse('the name is empty');
  if (!name.isWellFormed() || unprintable.test(name)) {
    return refuse('the name holds characters that cannot be shown');
  }
  if (/^(?:[/\\~]|[A-Za-z]:)/.test(name)) return refuse('the name is an absolute path');
  if (name.split(/[/\\]/).some((part) => part.trim() === '..' || part.trim() === '.')) {
    return refuse('the name would leave its folder');
  }
  if (name.includes('\\')) return refuse('the name holds a backslash');
  // A trailing dot is dropped by Windows, so that `a.` and `a` would be one folder.
  const slug = name.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[^A-Za-z0-9]+|[.-]+$/g, '');
  const folder = (slug === '' ? `x-${sha256(name).slice(0, 8)}` : slug).replace(/\.{2,}/g, '.');
  if (reserved.test(folder)) return refuse('the name is reserved by Windows');
  if (folder.length > longest) return refuse(`the name is longer than ${longest} characters`);
  if (folder in Object.prototype) return refuse('the name is reserved by JavaScript');
  return { folder };
}

/** Names whose folders would be one, also on a file system that ignores case: none of them can be told from the others. */
export function twins(folders: readonly NamedFolder[]): readonly Problem[] {
  const byFolder = new Map<string, NamedFolder[]>();
  for (const each of folders) {
    const key = each.folder.toLowerCase();
    byFolder.set(key, [...(byFolder.get(key) ?? []), each]);
  }
  return [...byFolder.values()]
    .filter((of) => of.length > 1)
    .map((of) => ({
      at: of.map(({ name }) => shown(name)).join(', '),
      message: `these names are one folder (${of[0]?.folder ?? ''})`,
      mend: 'Leave one out, or rename it on the platform.',
    }));
}

/** A name of a platform in a message: quoted, and not longer than a line. */
export const shown = (name: string): string =>
  JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);
