import type { IncomingMessage } from 'node:http';

import { Refusal } from './errors.js';

/** 4.5 MB, the limit of the real server for every route. */
const bodyLimit = Math.floor(4.5 * 1024 * 1024);

/**
 * Reads the whole body. Past the limit it keeps reading and forgetting: answering while the client
 * still writes makes many clients report a reset instead of the 413.
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= bodyLimit) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > bodyLimit) throw new Refusal({ status: 413, text: 'Body exceeded 4.5mb limit' });
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

/** JSON under a JSON content type (empty counts as `{}`), else the text as it is. */
export function parseBody(body: Buffer, contentType: string | undefined): unknown {
  const text = body.toString('utf8');
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(contentType ?? '')) return text;
  if (text === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Refusal({ status: 400, text: 'Invalid JSON' });
  }
}
