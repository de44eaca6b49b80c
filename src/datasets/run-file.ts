import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What decides a dataset's identity of one item, and where the item stands. */
export interface FingerprintEntry {
  readonly id: string;
  /** Of the item's content. */
  readonly hash: string;
  readonly place: number;
}

/** Sorted runs of entries in one temporary file. */
export interface RunFile {
  write(sorted: readonly FingerprintEntry[]): Promise<void>;
  /** All runs as one sorted sequence, in pages. */
  merged(
    order: (a: FingerprintEntry, b: FingerprintEntry) => number,
  ): AsyncGenerator<readonly FingerprintEntry[], void, undefined>;
  close(): Promise<void>;
}

const blockBytes = 64 * 1024;
const mergedPage = 1_000;
/** Lines that are joined into one write. */
const linesAtOnce = 2_000;

/** Opens a temporary file that has no name any more: the kernel gives its space back also after `kill -9`. */
export async function createRunFile(): Promise<RunFile> {
  const path = join(tmpdir(), `assay-${randomUUID()}.runs`);
  const file = await open(path, 'wx+', 0o600);
  // Where an open file keeps its name (Windows) it is removed at the end.
  const named = await unlink(path).then(
    () => false,
    () => true,
  );
  const runs: { readonly from: number; readonly to: number }[] = [];
  let end = 0;
  return {
    async write(sorted) {
      const from = end;
      for (let at = 0; at < sorted.length; at += linesAtOnce) {
        const lines = sorted.slice(at, at + linesAtOnce).map(toLine);
        const bytes = Buffer.from(lines.join(''));
        await file.write(bytes, 0, bytes.length, end);
        end += bytes.length;
      }
      runs.push({ from, to: end });
    },
    merged: (order) =>
      merge(
        runs.map((run) => entriesOf(file, run)),
        order,
      ),
    async close() {
      await file.close();
      if (named) await unlink(path).catch(() => undefined);
    },
  };
}

const toLine = ({ id, hash, place }: FingerprintEntry): string =>
  `${JSON.stringify([id, hash, place])}\n`;

async function* entriesOf(
  file: FileHandle,
  run: { readonly from: number; readonly to: number },
): AsyncGenerator<FingerprintEntry[], void, undefined> {
  const block = Buffer.allocUnsafe(blockBytes);
  let rest: Buffer = Buffer.alloc(0);
  for (let at = run.from; at < run.to;) {
    const { bytesRead } = await file.read(block, 0, Math.min(blockBytes, run.to - at), at);
    if (bytesRead === 0) throw new Error('a temporary file of ours was cut short');
    at += bytesRead;
    const bytes = Buffer.concat([rest, block.subarray(0, bytesRead)]);
    const end = bytes.lastIndexOf(0x0a) + 1;
    rest = bytes.subarray(end);
    if (end === 0) continue;
    yield bytes
      .toString('utf8', 0, end - 1)
      .split('\n')
      .map((line) => {
        const [id, hash, place] = JSON.parse(line) as [string, string, number];
        return { id, hash, place };
      });
  }
}

interface Head {
  readonly source: AsyncGenerator<FingerprintEntry[], void, undefined>;
  block: readonly FingerprintEntry[];
  at: number;
}

/** A few dozen runs: looking at each head is as fast as a heap. */
async function* merge(
  sources: readonly AsyncGenerator<FingerprintEntry[], void, undefined>[],
  order: (a: FingerprintEntry, b: FingerprintEntry) => number,
): AsyncGenerator<readonly FingerprintEntry[], void, undefined> {
  const heads: Head[] = sources.map((source) => ({ source, block: [], at: 0 }));
  let page: FingerprintEntry[] = [];
  for (;;) {
    for (const head of [...heads]) {
      if (head.at < head.block.length) continue;
      const next = await head.source.next();
      if (next.done === true) heads.splice(heads.indexOf(head), 1);
      else {
        head.block = next.value;
        head.at = 0;
      }
    }
    // Until one block is used up nothing has to be waited for.
    for (let used = heads.length === 0; !used;) {
      const least = leastOf(heads, order);
      const entry = least?.block[least.at];
      if (least === undefined || entry === undefined) break;
      page.push(entry);
      least.at += 1;
      used = least.at >= least.block.length;
    }
    if (page.length >= mergedPage || heads.length === 0) {
      if (page.length > 0) yield page;
      page = [];
    }
    if (heads.length === 0) return;
  }
}

function leastOf(
  heads: readonly Head[],
  order: (a: FingerprintEntry, b: FingerprintEntry) => number,
): Head | undefined {
  let least: Head | undefined;
  let leastEntry: FingerprintEntry | undefined;
  for (const head of heads) {
    const entry = head.block[head.at];
    if (entry === undefined) continue;
    if (leastEntry === undefined || order(entry, leastEntry) < 0) {
      least = head;
      leastEntry = entry;
    }
  }
  return least;
}
