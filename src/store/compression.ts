import { promisify } from 'node:util';
import { gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib';

const gzipLater = promisify(gzip);
const gunzipLater = promisify(gunzip);

// Level 1: bodies are written once and mostly never read; higher levels cost more CPU than the cell's own work.
const options = { level: 1 } as const;
// Below this the hop to zlib's threads costs more than the work.
const SMALL = 32 * 1024;

/** gzip, level 1. */
export async function compress(body: string | Uint8Array): Promise<Buffer> {
  return body.length <= SMALL ? gzipSync(body, options) : gzipLater(body, options);
}

/** The reverse of {@link compress}. */
export async function decompress(body: Buffer): Promise<Buffer> {
  return body.length <= SMALL / 4 ? gunzipSync(body) : gunzipLater(body);
}
