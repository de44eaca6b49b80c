/** A line of a file, from 1. Undefined text: the line is longer than allowed, and its rest was passed over. */
export interface Line {
  readonly number: number;
  readonly bytes: Buffer | undefined;
}

const newline = 0x0a;
const carriageReturn = 0x0d;

/** The line that is not complete yet: its parts in earlier chunks. */
interface OpenLine {
  readonly bytes: number;
  hold(part: Buffer): void;
  close(): Buffer | undefined;
}

function createOpenLine(longest: number): OpenLine {
  let parts: Buffer[] = [];
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    hold(part) {
      bytes += part.length;
      if (bytes > longest) parts = [];
      else if (part.length > 0) parts.push(part);
    },
    close() {
      const line = bytes > longest ? undefined : withoutReturn(Buffer.concat(parts));
      parts = [];
      bytes = 0;
      return line;
    },
  };
}

/**
 * Cuts bytes into lines (LF or CRLF; the last one may lack its end). Never holds more than one line of `longest` bytes and
 * one chunk.
 */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  longest: number,
): AsyncGenerator<readonly Line[], void, undefined> {
  const open = createOpenLine(longest);
  let number = 0;
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      const part = chunk.subarray(from, end);
      number += 1;
      // Most lines lie within one chunk: those are not copied.
      if (open.bytes === 0 && part.length <= longest) {
        lines.push({ number, bytes: withoutReturn(part) });
      } else {
        open.hold(part);
        lines.push({ number, bytes: open.close() });
      }
      from = end + 1;
    }
    if (from < chunk.length) open.hold(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (open.bytes > 0) yield [{ number: number + 1, bytes: open.close() }];
}

const withoutReturn = (bytes: Buffer): Buffer =>
  bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes;
