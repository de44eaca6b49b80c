import { AssayError } from '../errors/assay-error.js';

/** What names allow (contracts/names.ts). */
const longest = 200;

/** A name and from which version on its next ones are: `nightly` from 2, `nightly-v3` as `nightly` from 4. */
export function versionedName(name: string): { readonly base: string; readonly from: number } {
  const [, base, version] = /^(.+)-v([1-9]\d{0,8})$/su.exec(name) ?? [];
  if (base === undefined || version === undefined) return { base: name, from: 2 };
  return { base, from: Number(version) + 1 };
}

/** The version that a name is of its base; undefined where it is none. */
export function versionOf(name: string, base: string): number | undefined {
  const parts = /^-v([1-9]\d{0,8})$/u.exec(name.startsWith(base) ? name.slice(base.length) : '');
  return parts === null ? undefined : Number(parts[1]);
}

/**
 * The name of a new version: the first that has this very content, else the first that nobody has.
 *
 * @throws AssayError NAME_INVALID where it would be longer than names may be.
 */
export function nextVersion(of: {
  readonly base: string;
  readonly from: number;
  /** The content of each version that is there. */
  readonly taken: ReadonlyMap<number, string | undefined>;
  readonly manifestHash: string | undefined;
}): string {
  const { base, from, taken, manifestHash } = of;
  const same = [...taken]
    .filter(([version, hash]) => version >= from && hash === manifestHash && hash !== undefined)
    .map(([version]) => version);
  let version = from;
  while (taken.has(version)) version += 1;
  const name = `${base}-v${same.length > 0 ? Math.min(...same) : version}`;
  if (name.length <= longest) return name;
  throw new AssayError(
    'NAME_INVALID',
    `The name of a new version of "${base}" would be too long.`,
    {
      mend: `Choose a name of at most ${longest - 10} characters.`,
    },
  );
}
