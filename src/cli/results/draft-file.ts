import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

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

/** Opens a draft beside its place; folders are made. */
export async function openDraft(path: string): Promise<DraftFile> {
  await mkdir(dirname(path), { recursive: true });
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.tmp`);
  const handle = await open(draft, 'wx');
  let buffer: string[] = [];
  let buffered = 0;
  let done = false;
  const flush = async (): Promise<void> => {
    if (buffered === 0) return;
    const text = buffer.join('');
    buffer = [];
    buffered = 0;
    await handle.writeFile(text);
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
      await handle.sync();
      await handle.close();
      await rename(draft, path);
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
