import { readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** An installed copy of `@opentelemetry/api`. */
export interface ApiCopy {
  readonly version: string;
  /** The real folder of the package. */
  readonly folder: string;
}

const apiName = '@opentelemetry/api';

/**
 * The copy that Assay itself imports. Undefined where no folder of packages shows it, as in a bundle or in an installation without
 * such folders: Assay's imports work there all the same.
 */
async function ownApiCopy(module: string): Promise<ApiCopy | undefined> {
  try {
    return await copyAbove(dirname(fileURLToPath(module)));
  } catch {
    // A bundle may have no address, or one that is no file's.
    return undefined;
  }
}

/**
 * The copies that code of a project can import: the one of its folder, and those that its packages brought with them. Only files are
 * read; Assay's own copy is among them where it is the project's too.
 */
async function projectApiCopies(folder: string): Promise<readonly ApiCopy[]> {
  const root = await realpath(resolve(folder)).catch(() => resolve(folder));
  const found = new Map<string, ApiCopy>();
  const nested = await Promise.all(
    foldersAbove(root).map((each) => copiesOfPackages(join(each, 'node_modules'))),
  );
  for (const copy of [await copyAbove(root), ...nested.flat()]) {
    if (copy !== undefined) found.set(copy.folder, copy);
  }
  return [...found.values()];
}

function foldersAbove(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersAbove(parent)];
}

/** As Node looks for it. */
async function copyAbove(folder: string): Promise<ApiCopy | undefined> {
  for (const each of foldersAbove(folder)) {
    const copy = await copyIn(join(each, 'node_modules'));
    if (copy !== undefined) return copy;
  }
  return undefined;
}

async function copyIn(modules: string): Promise<ApiCopy | undefined> {
  try {
    const folder = await realpath(join(modules, apiName));
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      readonly version?: unknown;
    };
    return typeof version === 'string' ? { version, folder } : undefined;
  } catch {
    return undefined;
  }
}

async function copiesOfPackages(modules: string): Promise<readonly ApiCopy[]> {
  const packages = await packagesIn(modules);
  const copies = await Promise.all(
    packages.map(async ({ path, isLink }) => {
      if (!isLink) return copyIn(join(path, 'node_modules'));
      // Where packages are links (pnpm), what they import stands beside the place that they lead to.
      const real = await realpath(path).catch(() => undefined);
      return real === undefined ? undefined : copyAbove(real);
    }),
  );
  return copies.filter((copy) => copy !== undefined);
}

async function packagesIn(
  modules: string,
): Promise<readonly { readonly path: string; readonly isLink: boolean }[]> {
  const entries = await readdir(modules, { withFileTypes: true }).catch(() => []);
  const packages = await Promise.all(
    entries.map(async (entry) => {
      const path = join(modules, entry.name);
      if (entry.name.startsWith('@') && entry.isDirectory()) return packagesIn(path);
      return [{ path, isLink: entry.isSymbolicLink() }];
    }),
  );
  return packages.flat();
}

/**
 * Whether a copy takes what a copy of another version has registered. OpenTelemetry's rule (`internal/semver` of its API): the same
 * major, a minor that is not newer, and of prereleases only the very same.
 */
function sees(own: string, registered: string): boolean {
  if (own === registered) return true;
  const [mine, theirs] = [versionOf(own), versionOf(registered)];
  if (mine === undefined || theirs === undefined) return false;
  return mine.major === theirs.major && mine.major > 0 && mine.minor <= theirs.minor;
}

function versionOf(text: string): { readonly major: number; readonly minor: number } | undefined {
  const found = /^(\d+)\.(\d+)\.\d+$/.exec(text);
  return found === null ? undefined : { major: Number(found[1]), minor: Number(found[2]) };
}

/** Through which copy a worker registers, and who does not see what it registered. */
export interface ApiChoice {
  /** All that code of the project can import. */
  readonly project: readonly ApiCopy[];
  /** Undefined: the one that Assay imports, which was not found among the files; its version is known once it has registered. */
  readonly registrar: ApiCopy | undefined;
  /** Whether that is Assay's own. */
  readonly isOwn: boolean;
  /** Code that imports one of these has no spans on the traces of its cells. Of an unknown registrar: none is known. */
  readonly blind: readonly ApiCopy[];
}

/** The copy that the most others can use: Assay's own, unless code of the project would not see what that registers. */
function chooseApi(own: ApiCopy | undefined, project: readonly ApiCopy[]): ApiChoice {
  if (own === undefined) return { project, registrar: own, isOwn: true, blind: [] };
  const choices = [own, ...project]
    // Assay's own code must see it too: of another major it never does.
    .filter(({ version }) => sees(own.version, version))
    .map((registrar) => ({ registrar, blind: blindTo(registrar.version, project) }));
  const fewest = Math.min(...choices.map(({ blind }) => blind.length));
  const { registrar, blind } = choices.find((each) => each.blind.length === fewest) ?? {
    registrar: own,
    blind: blindTo(own.version, project),
  };
  return { project, registrar, isOwn: registrar.folder === own.folder, blind };
}

/** Those that do not see what this version has registered. */
export const blindTo = (registered: string, copies: readonly ApiCopy[]): readonly ApiCopy[] =>
  copies.filter(({ version }) => !sees(version, registered));

/**
 * {@link chooseApi} for the project of a folder. Never fails: cells run without the spans of their own code too.
 *
 * @param module whose imports are Assay's. Default: this one.
 */
export const apiOfProject = async (folder: string, module = import.meta.url): Promise<ApiChoice> =>
  chooseApi(await ownApiCopy(module), await projectApiCopies(folder));

/** What whoever has such a copy can do. */
export const blindMend =
  'Install one @opentelemetry/api of version 1 in the project (`npm install @opentelemetry/api@1`; `npm ls @opentelemetry/api` shows who brings others), and preload no instrumentation.';
