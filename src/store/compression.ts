import { promisify } from 'node:util';
import { gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib';

const gzipLater = promisify(gzip);
const gunzipLater = promisify(gunzip);

// Level 1: bodies are written once and mostly never read; higher levels cost more CPU than the cell's own work.
// The smaller window and hash take a fifth of the memory, which is allocated and cleared for each body.
const options = { level: 1, windowBits: 13, memLevel: 6 } as const;
// Below this the hop to zlib's threads costs more than the work.
const SMALL = 32 * 1024;

// A body this small gains a few hundred bytes, and zlib's memory for it is allocated and cleared each time.
const TINY = 1_500;

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** gzip, level 1; a tiny body as it is, unless it could be taken for gzip. */
export async function compress(body: string | Uint8Array): Promise<Buffer> {
  if (body.length <= TINY) {
    const bytes = Buffer.from(body);
    if (!isGzip(bytes)) return bytes;
  }
  return body.length <= SMALL ? gzipSync(body, options) : gzipLater(body, options);
}

/** The reverse of {@link compress}. */
export async function decompress(body: Buffer): Promise<Buffer> {
  if (!isGzip(body)) return body;
  return body.length <= SMALL / 4 ? gunzipSync(body) : gunzipLater(body);
}
