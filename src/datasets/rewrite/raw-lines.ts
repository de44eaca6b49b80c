import { open } from 'node:fs/promises';

import { bytesOf } from '../byte-source.js';

const [newline, carriageReturn, quote] = Buffer.from('\n\r"');

/**
 * The lines of a file with their ends, so that put together they are the file (without a byte order mark). Never holds more than
 * one of them and one chunk.
 *
 * @param form.quoted whether line breaks within quotes belong to the line, and a single CR ends one, as in CSV.
 */
export async function* rawLines(
  file: string,
  { quoted }: { readonly quoted: boolean },
): AsyncGenerator<string, void, undefined> {
  let parts: Buffer[] = [];
  let inQuotes = false;
  let afterReturn = false;
  const take = (): string => {
    const text = Buffer.concat(parts).toString('utf8');
    parts = [];
    return text;
  };
  for await (const chunk of bytesOf(file)) {
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (afterReturn && byte !== newline) {
        parts.push(chunk.subarray(from, at));
        from = at;
        yield take();
      }
      afterReturn = false;
      if (quoted && byte === quote) inQuotes = !inQuotes;
      else if (quoted && byte === carriageReturn && !inQuotes) afterReturn = true;
      else if (byte === newline && !inQuotes) {
        parts.push(chunk.subarray(from, at + 1));
        from = at + 1;
        yield take();
      }
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
  if (parts.length > 0) yield take();
}

/** What a line ends with; empty where the file ends first. */
export const lineEnd = (line: string): string => /(?:\r\n|\n|\r)$/.exec(line)?.[0] ?? '';

export const byteOrderMark = '\ufeff';

/** The byte order mark of a file, where it has one. */
export async function markOf(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(3), 0, 3, 0);
    return bytesRead === 3 && buffer.toString('utf8') === byteOrderMark ? byteOrderMark : '';
  } finally {
    await handle.close();
  }
}
