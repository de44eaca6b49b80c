import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import { pullMark } from '../../core/pull-mark.js';
import { openDraft, type DraftFile } from '../results/draft-file.js';
import { folderOf, shown, twins, type NamedFolder } from './folder-names.js';

export type { DraftFile } from '../results/draft-file.js';

/** A folder below `root` that can be written: it is there and no link, or it is not there. */
export interface SafeFolder extends NamedFolder {
  readonly root: string;
  readonly path: string;
}

/** What is to be pulled. */
export interface FolderWish {
  /** As the platform says it: hostile. */
  readonly name: string;
  /** The folder that holds it already, where one does. */
  readonly folder?: string;
}

/**
 * The folders for names that came from a platform. Nothing is written; all names are looked at before the first complaint.
 *
 * @throws AssayError NAME_UNSAFE with all problems: a name that leaves its folder, is absolute, or reserved; two names of one
 *   folder, also where only case tells them apart; a folder that is a link or a file.
 */
export async function safeFolders(
  root: string,
  wishes: readonly FolderWish[],
): Promise<readonly SafeFolder[]> {
  const problems: Problem[] = [];
  const folders: SafeFolder[] = [];
  for (const { name, folder: given } of wishes) {
    const found = given === undefined ? folderOf(name) : { folder: given };
    if ('problem' in found) problems.push(found.problem);
    else if (!/^(?!\.{1,2}$)[^/\\]+$/.test(found.folder)) {
      problems.push({ at: shown(name), message: `its folder cannot be ${shown(found.folder)}` });
    } else folders.push({ name, root, folder: found.folder, path: join(root, found.folder) });
  }
  problems.push(...twins(folders));
  const present = await entriesOf(root);
  for (const each of folders) {
    const problem = await standing(each, present);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length === 0) return folders;
  throw unsafe(problems);
}

/**
 * Writes files of a folder together. They are made whole beside it; only then do they take their places, a new folder in one
 * step. Where `work` fails, or the process dies within it, the folder is as it was; where it dies while files take their places,
 * a mark stays in it ({@link pullMark}), and who reads the folder refuses it until it was written anew.
 *
 * A file that would become what it is already is not touched.
 *
 * @param files names without a path, as `prompt.txt`.
 * @param remove what must not stay beside them, as the other form of the same thing.
 * @param check looks at the whole files in the folder that it is given before any takes its place.
 * @throws AssayError NAME_UNSAFE where the folder or a file of it has become a link meanwhile.
 */
export async function writeFolder<File extends string>(
  folder: SafeFolder,
  of: {
    readonly files: readonly File[];
    readonly remove?: readonly string[];
    readonly check?: (draft: { readonly root: string; readonly folder: string }) => Promise<void>;
  },
  work: (drafts: Readonly<Record<File, DraftFile>>) => Promise<void>,
): Promise<void> {
  const { files, remove = [], check } = of;
  for (const file of [...files, ...remove]) {
    if (!/^\.?[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(file)) throw new Error(`no file name: ${file}`);
  }
  await mkdir(folder.root, { recursive: true });
  await sweepDrafts(folder);
  const draft = join(folder.root, `.${folder.folder}.${randomBytes(4).toString('hex')}.tmp`);
  await mkdir(draft);
  const opened: DraftFile[] = [];
  try {
    const drafts: [string, DraftFile][] = [];
    for (const file of files) {
      const one = await openDraft(join(draft, file));
      opened.push(one);
      drafts.push([file, one]);
    }
    await work(Object.fromEntries(drafts) as Record<File, DraftFile>);
    for (const one of opened) await one.commit();
    await check?.({ root: folder.root, folder: basename(draft) });
    await takePlace(folder, draft, { files, remove });
  } finally {
    for (const one of opened) await one.discard();
    await rm(draft, { recursive: true, force: true });
  }
}

async function takePlace(
  folder: SafeFolder,
  draft: string,
  { files, remove }: { readonly files: readonly string[]; readonly remove: readonly string[] },
): Promise<void> {
  const problem = await standing(folder, await entriesOf(folder.root));
  if (problem !== undefined) throw unsafe([problem]);
  if ((await look(folder.path)) === undefined) {
    await rename(draft, folder.path);
    return;
  }
  const problems: Problem[] = [];
  for (const file of [...files, ...remove]) {
    const stats = await look(join(folder.path, file));
    if (stats !== undefined && !stats.isFile()) {
      problems.push({
        at: shown(folder.name),
        message: `${join(folder.path, file)} is ${kindOf(stats)}, not a file`,
        mend: 'Move it away.',
      });
    }
  }
  if (problems.length > 0) throw unsafe(problems);
  const changed: string[] = [];
  for (const file of files) {
    if (!(await sameBytes(join(draft, file), join(folder.path, file)))) changed.push(file);
  }
  const gone: string[] = [];
  for (const file of remove) {
    if ((await look(join(folder.path, file))) !== undefined) gone.push(file);
  }
  const mark = join(folder.path, pullMark);
  const half = (await look(mark)) !== undefined;
  if (changed.length + gone.length === 0 && !half) return;
  await makeMark(mark);
  for (const file of changed) await rename(join(draft, file), join(folder.path, file));
  for (const file of gone) await rm(join(folder.path, file), { force: true });
  await rm(mark);
}

const comparedBytes = 256 * 1024;

/** Whether two files are the same, byte for byte; one that is not there is not. */
async function sameBytes(a: string, b: string): Promise<boolean> {
  const sizes = [await look(a), await look(b)].map((stats) => stats?.size);
  if (sizes[0] === undefined || sizes[0] !== sizes[1]) return false;
  const [one, other] = [await open(a, 'r'), await open(b, 'r')];
  try {
    for (let at = 0; at < sizes[0];) {
      const [mine, theirs] = [Buffer.alloc(comparedBytes), Buffer.alloc(comparedBytes)];
      const { bytesRead } = await one.read(mine, 0, comparedBytes, at);
      await other.read(theirs, 0, comparedBytes, at);
      if (bytesRead === 0 || !mine.equals(theirs)) return false;
      at += bytesRead;
    }
    return true;
  } finally {
    await one.close();
    await other.close();
  }
}

/** On the disk before the first file moves. */
async function makeMark(path: string): Promise<void> {
  // Not through a link that somebody put there: `wx` follows none, and what is there already says the same.
  const handle = await open(path, 'wx').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  });
  await handle?.sync();
  await handle?.close();
}

/** Drafts are whole in minutes; older ones are of a process that was killed. */
const draftsLiveMs = 24 * 3_600_000;

async function sweepDrafts({ root, folder }: SafeFolder): Promise<void> {
  for (const entry of await entriesOf(root)) {
    const rest = entry.startsWith(`.${folder}.`) ? entry.slice(folder.length + 2) : '';
    if (!/^[0-9a-f]{8}\.tmp$/.test(rest)) continue;
    const path = join(root, entry);
    const stats = await look(path);
    if (stats?.isDirectory() === true && Date.now() - stats.mtimeMs > draftsLiveMs) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

/** What stands in the way of writing it. */
async function standing(
  { name, root, folder, path }: SafeFolder,
  present: readonly string[],
): Promise<Problem | undefined> {
  const at = shown(name);
  const place = await look(root);
  if (place !== undefined && !place.isDirectory()) {
    return { at, message: `${root} is ${kindOf(place)}, not a folder`, mend: 'Move it away.' };
  }
  const other = present.find(
    (each) => each !== folder && each.toLowerCase() === folder.toLowerCase(),
  );
  if (other !== undefined) {
    return {
      at,
      message: `${join(root, other)} is there already, and differs from its folder ${folder} in case only`,
      mend: 'Rename one of them: where case is ignored, they are one folder.',
    };
  }
  const stats = await look(path);
  if (stats === undefined || stats.isDirectory()) return undefined;
  return { at, message: `${path} is ${kindOf(stats)}, not a folder`, mend: 'Move it away.' };
}

const kindOf = (stats: Stats): string =>
  stats.isSymbolicLink() ? 'a link' : stats.isDirectory() ? 'a folder' : 'something else';

async function look(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function entriesOf(root: string): Promise<readonly string[]> {
  try {
    return await readdir(root);
  } catch (error) {
    // A root that is no folder is said by `standing`.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

const unsafe = (problems: readonly Problem[]): AssayError =>
  new AssayError('NAME_UNSAFE', 'Names of the platform cannot be written as folders here.', {
    problems,
    mend: 'Nothing was written. Leave these names out, or rename them on the platform.',
  });
