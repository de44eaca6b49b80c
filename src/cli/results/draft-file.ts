import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { AssayError } from '../../core/errors/assay-error.js';

/** A file that takes its name only once it is whole: a reader, or a kill midway, never sees half of it. */
export interface DraftFile {
  readonly path: string;
  write(text: string): Promise<void>;
  /** Puts it in place of the one that was there. */
  commit(): Promise<void>;
  /** Removes it; harmless after `commit`. */
  discard(): Promise<void>;
}

/** Written at once; a row by itself would cost a system call. */
const bufferCharacters = 256 * 1024;

/**
 * Opens a draft beside its place; folders are made.
 *
 * @throws AssayError FILE_UNWRITABLE where it cannot be made, as do writing to it and its commit.
 */
export async function openDraft(path: string): Promise<DraftFile> {
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.tmp`);
  const handle = await writing(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    return open(draft, 'wx');
  });
  let buffer: string[] = [];
  let buffered = 0;
  let done = false;
  const flush = async (): Promise<void> => {
    if (buffered === 0) return;
    const text = buffer.join('');
    buffer = [];
    buffered = 0;
    await writing(path, () => handle.writeFile(text));
  };
  return {
    path,
    async write(text) {
      buffer.push(text);
      buffered += text.length;
      if (buffered >= bufferCharacters) await flush();
    },
    async commit() {
      await flush();
      await writing(path, async () => {
        await handle.sync();
        await handle.close();
        await rename(draft, path);
      });
      done = true;
    },
    async discard() {
      if (done) return;
      done = true;
      await handle.close().catch(() => undefined);
      await rm(draft, { force: true });
    },
  };
}

/** Writes several files together: all take their names at the end, none where the work fails. */
export async function withDrafts<Name extends string>(
  paths: Readonly<Record<Name, string>>,
  work: (drafts: Readonly<Record<Name, DraftFile>>) => Promise<void>,
): Promise<void> {
  const opened: [string, DraftFile][] = [];
  try {
    for (const [name, path] of Object.entries<string>(paths)) {
      opened.push([name, await openDraft(path)]);
    }
    await work(Object.fromEntries(opened) as Record<Name, DraftFile>);
    for (const [, draft] of opened) await draft.commit();
  } finally {
    for (const [, draft] of opened) await draft.discard();
  }
}

/** A folder that is not ours, a read-only or a full disk is no defect: it says which file, and that nothing is lost. */
async function writing<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code !== 'string') throw cause;
    throw new AssayError('FILE_UNWRITABLE', `${path} cannot be written (${code}).`, {
      mend: 'Name another folder with --out, or make room; what is stored of the run is not touched.',
      cause,
    });
  }
}
