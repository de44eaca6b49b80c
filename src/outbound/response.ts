import { promisify } from 'node:util';
import { brotliDecompress, gunzip } from 'node:zlib';
import type { Readable } from 'node:stream';

import { AssayError } from '../core/errors/assay-error.js';

// What of an answer is worth recording: ids for support, limits and waits for retries. Cookies and the rest stay out.
const keptHeaders =
  /^(?:content-type|content-length|date|etag|last-modified|retry-after|retry-after-ms|x-should-retry|x-request-id|request-id|x-correlation-id|traceparent|(?:x-)?ratelimit-[a-z-]{1,60})$/;

/** The recorded headers of an answer: lower-case names, one text each, cut at 1,000 characters. */
export function keepHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const key = name.toLowerCase();
      if (value === undefined || !keptHeaders.test(key)) return [];
      return [[key, (Array.isArray(value) ? value.join(', ') : value).slice(0, 1000)]];
    }),
  );
}

/** Throws REDIRECT_REFUSED for a 3xx; names the target's origin only, its path and query can be secrets. */
export function refuseRedirect(answer: {
  status: number;
  location: string | string[] | undefined;
  url: URL;
}): void {
  const { status, location, url } = answer;
  if (status < 300 || status > 399) return;
  const to = typeof location === 'string' ? originOf(location, url) : 'nowhere that can be read';
  throw new AssayError(
    'REDIRECT_REFUSED',
    `${url.origin} answered ${status}, a redirect to ${to}, which is not followed.`,
    { mend: 'Use the final address as the URL.' },
  );
}

function originOf(location: string, base: URL): string {
  if (!URL.canParse(location, base.href)) return 'an unreadable address';
  const { origin, protocol } = new URL(location, base.href);
  return /^https?:$/.test(protocol) ? origin.slice(0, 200) : 'another scheme than http';
}

/**
 * Reads a body of at most `maxBytes` bytes, counted as they come and again as they are decompressed (a few
 * kilobytes of gzip can hold gigabytes). Accepted encodings: none (`identity`), `gzip`, `br`.
 *
 * @throws AssayError RESPONSE_TOO_LARGE, TARGET_OUTPUT_INVALID (an encoding that was not asked for, damaged data)
 */
export async function readBody(
  body: Readable,
  facts: { encoding: string; length: string | undefined; maxBytes: number },
): Promise<Buffer> {
  const { maxBytes } = facts;
  const decompress = decompressor(facts.encoding);
  if (facts.length !== undefined && Number(facts.length) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the stream, and with it the connection.
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const raw = Buffer.concat(chunks);
  // A 204 may name an encoding and have no body.
  return decompress === undefined || raw.length === 0 ? raw : decompress(raw, maxBytes);
}

type Decompress = (raw: Buffer, maxBytes: number) => Promise<Buffer>;

function decompressor(encoding: string): Decompress | undefined {
  switch (encoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return bounded(promisify(gunzip));
    case 'br':
      return bounded(promisify(brotliDecompress));
    default:
      throw new AssayError(
        'TARGET_OUTPUT_INVALID',
        'The response has a content encoding that was not asked for (only gzip and br are).',
      );
  }
}

// `maxOutputLength` ends the work at the limit; nothing beyond it is ever held.
const bounded =
  (run: (raw: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>): Decompress =>
  async (raw, maxBytes) => {
    try {
      return await run(raw, { maxOutputLength: maxBytes });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
      // The end is missing: the connection broke, which a retry can mend.
      if (code === 'Z_BUF_ERROR') throw error;
      throw new AssayError('TARGET_OUTPUT_INVALID', 'The compressed response is damaged.', {
        cause: error,
      });
    }
  };

function tooLarge(maxBytes: number): AssayError {
  return new AssayError('RESPONSE_TOO_LARGE', `The response is larger than ${maxBytes} bytes.`, {
    mend: 'Raise maxBytes of the target, or let it answer with less.',
  });
}
