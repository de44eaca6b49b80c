import { sha256 } from '../../ids/hash.js';

const longest = 60;
const hashLength = 8;
// Device names of Windows, which no folder may have.
const reserved = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

/**
 * A folder name for any text, as in `results/{slug}`: lower-case ASCII letters, digits and single inner dashes,
 * 1 to 60 characters, never a name that an operating system reserves. Where it differs from the text, the
 * first 8 hex digits of the text's SHA-256 follow, so that two texts do not meet in one folder (nor two that
 * differ in case on a file system that ignores case).
 */
export function fileSlug(text: string): string {
  const slug = text
    // Only what can reach the slug: normalising half a megabyte for 60 characters is waste.
    .slice(0, 1_000)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  if (slug === text && slug.length <= longest && slug !== '' && !reserved.test(slug)) return slug;
  const room = longest - hashLength - 1;
  const stem = slug.slice(0, room).replace(/-$/, '');
  return `${stem === '' ? 'run' : stem}-${sha256(text).slice(0, hashLength)}`;
}
