import { randomUUID } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DatasetItem } from '../contracts/records.js';

/** Items that wait in a temporary file, in memory only by their ids: whoever reads them may want another order. */
export interface ItemSpool {
  /** By the number of the item. */
  readonly ids: readonly string[];
  add(item: DatasetItem): Promise<void>;
  item(number: number): Promise<DatasetItem>;
  /** @param order numbers of items. Default: as they came. */
  items(order?: Iterable<number>): AsyncGenerator<DatasetItem, void, undefined>;
  close(): Promise<void>;
}

const bufferBytes = 256 * 1024;

/** Opens a spool whose file has no name any more: the kernel gives its space back also after `kill -9`. */
export async function createItemSpool(): Promise<ItemSpool> {
  const path = join(tmpdir(), `assay-${randomUUID()}.items`);
  const file = await open(path, 'wx+', 0o600);
  // Where an open file keeps its name (Windows) it is removed at the end.
  const named = await unlink(path).then(
    () => false,
    () => true,
  );
  const ids: string[] = [];
  const starts: number[] = [];
  let end = 0;
  let written = 0;
  let waiting: Buffer[] = [];
  const flush = async (): Promise<void> => {
    const bytes = Buffer.concat(waiting);
    waiting = [];
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, at, bytes.length - at, written);
      at += bytesWritten;
      written += bytesWritten;
    }
  };
  const read = async (number: number): Promise<DatasetItem> => {
    const from = starts[number];
    if (from === undefined) throw new Error(`there is no item ${number}`);
    const bytes = Buffer.allocUnsafe((starts[number + 1] ?? end) - from);
    for (let at = 0; at < bytes.length;) {
      const { bytesRead } = await file.read(bytes, at, bytes.length - at, from + at);
      if (bytesRead === 0) throw new Error('a temporary file of ours was cut short');
      at += bytesRead;
    }
    return JSON.parse(bytes.toString('utf8')) as DatasetItem;
  };
  return {
    ids,
    async add(item) {
      const bytes = Buffer.from(JSON.stringify(item));
      ids.push(item.id);
      starts.push(end);
      end += bytes.length;
      waiting.push(bytes);
      if (end - written >= bufferBytes) await flush();
    },
    async item(number) {
      await flush();
      return read(number);
    },
    async *items(order = ids.keys()) {
      await flush();
      for (const number of order) yield read(number);
    },
    async close() {
      await file.close();
      if (named) await unlink(path).catch(() => undefined);
    },
  };
}
