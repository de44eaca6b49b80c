/** An element of a JSON array, as it stands in the file. Undefined bytes: it is longer than allowed. */
export interface JsonElement {
  readonly index: number;
  readonly bytes: Buffer | undefined;
}

/** Says that a text is no JSON array, or not JSON at all; the place is found by reading it again. */
export class NoJsonArray extends Error {
  override readonly name = 'NoJsonArray';
}

const [quote, backslash, comma, open, close, openBrace, closeBrace] = Buffer.from('"\\,[]{}');

/**
 * Cuts a JSON array into the texts of its elements without reading it whole: a streaming parser would build its values more
 * slowly than JSON.parse does, which then takes each element by itself. Finds where elements end and nothing else; what
 * they hold is not checked here.
 *
 * @throws NoJsonArray
 */
export async function* elementsOf(
  chunks: AsyncIterable<Buffer>,
  longest: number,
): AsyncGenerator<readonly JsonElement[], void, undefined> {
  let where = 'before' as 'before' | 'inside' | 'after';
  let depth = 0;
  let inText = false;
  let escaped = false;
  let index = 0;
  let blank = true;
  let parts: Buffer[] = [];
  let held = 0;
  const hold = (part: Buffer): void => {
    held += part.length;
    if (held > longest) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  const take = (): JsonElement => {
    const element = { index, bytes: held > longest ? undefined : Buffer.concat(parts) };
    index += 1;
    parts = [];
    held = 0;
    blank = true;
    return element;
  };
  for await (const chunk of chunks) {
    const elements: JsonElement[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inText = false;
        continue;
      }
      if (isSpace(byte)) continue;
      if (where !== 'inside') {
        if (where === 'after' || byte !== open) throw new NoJsonArray();
        where = 'inside';
        from = at + 1;
        continue;
      }
      if (depth === 0 && (byte === comma || byte === close)) {
        const empty = byte === close && blank && index === 0;
        if (!empty) {
          hold(chunk.subarray(from, at));
          elements.push(take());
        }
        from = at + 1;
        if (byte === close) where = 'after';
        continue;
      }
      blank = false;
      if (byte === quote) inText = true;
      else if (byte === open || byte === openBrace) depth += 1;
      else if (byte === close || byte === closeBrace) {
        depth -= 1;
        if (depth < 0) throw new NoJsonArray();
      }
    }
    if (where === 'inside') hold(chunk.subarray(from));
    if (elements.length > 0) yield elements;
  }
  if (where !== 'after') throw new NoJsonArray();
}

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
