import { Agent, request } from 'undici';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';

import { AssayError } from '../core/errors/assay-error.js';

// Our own deadline ends a request (its headers and its body); the agent's defaults would end a slow model's after 5 minutes.
const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 15_000 } });

/**
 * What the OpenAI client needs of `fetch`, over undici's `request`: the global one builds web streams, a `Request` and a
 * `Response` for each call, which was the largest share of a worker's CPU. The whole body is read before it resolves.
 *
 * Unlike `fetch` it follows no redirect: a paid call goes where its config says, with its key.
 *
 * @throws TypeError as `fetch`; its cause is an AssayError RESPONSE_TOO_LARGE where an answer has more than 32 MiB. What says
 *   with an error status is cut there: the status counts.
 */
export async function plainFetch(
  url: string | URL | Request,
  init: RequestInit = {},
): Promise<Response> {
  try {
    const { statusCode, headers, body } = await request(url instanceof Request ? url.url : url, {
      method: 'POST',
      dispatcher: agent,
      headers: headersOf(init.headers),
      body: typeof init.body === 'string' ? init.body : null,
      signal: init.signal ?? null,
    });
    const whole = statusCode >= 200 && statusCode < 300;
    const raw = await readBody(body, whole);
    const bytes = await decoded(raw, headers['content-encoding'], whole);
    return new PlainResponse(statusCode, { headers, bytes }) as unknown as Response;
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    // As `fetch` tells it; the client keeps causes, and drops the code of an error of another realm.
    throw new TypeError('fetch failed', { cause: error });
  }
}

type Decompress = (data: ArrayBuffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const decompressions: Readonly<Record<string, Decompress>> = {
  gzip: promisify<ArrayBuffer, { maxOutputLength: number }, Buffer>(gunzip),
  deflate: promisify<ArrayBuffer, { maxOutputLength: number }, Buffer>(inflate),
  br: promisify<ArrayBuffer, { maxOutputLength: number }, Buffer>(brotliDecompress),
};

/** No answer of a model is as large: whatever sends more would fill the memory of the worker and all cells in it. */
const mostBytes = 32 * 1024 * 1024;

const tooLarge = (): AssayError =>
  new AssayError('RESPONSE_TOO_LARGE', `The model's answer is larger than ${mostBytes} bytes.`, {
    mend: 'Look at what answers at the address of the model, and limit its answers (max_tokens).',
  });

/** The bytes of a body. One that is larger is an error where all of it is wanted, else cut; nobody waits for the rest. */
function readBody(body: Readable, whole: boolean): Promise<ArrayBuffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (): void => resolve(joined(chunks, size));
    body.on('error', reject);
    body.on('end', end);
    body.on('data', (chunk: Buffer) => {
      if (size + chunk.length > mostBytes) {
        if (whole) reject(tooLarge());
        else end();
        // And with it the connection.
        body.destroy();
        return;
      }
      size += chunk.length;
      chunks.push(chunk);
    });
  });
}

function joined(chunks: readonly Buffer[], size: number): ArrayBuffer {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes.buffer;
}

// Some proxies compress what nobody asked them to: such an answer is paid for, and must be read. What cannot be is kept as it
// came, for the journal.
async function decoded(
  bytes: ArrayBuffer,
  encoding: string | string[] | undefined,
  whole: boolean,
): Promise<ArrayBuffer> {
  const decompress = typeof encoding === 'string' ? decompressions[encoding] : undefined;
  if (decompress === undefined) return bytes;
  try {
    const { buffer, byteOffset, byteLength } = await decompress(bytes, {
      maxOutputLength: mostBytes,
    });
    return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
  } catch (error) {
    // A few kilobytes can hold gigabytes.
    if (whole && (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    return bytes;
  }
}

// The client sends its headers as a `Headers`. Without this one a server may compress the answer.
function headersOf(headers: RequestInit['headers']): Record<string, string> {
  const plain: Record<string, string> = { 'accept-encoding': 'identity' };
  if (headers instanceof Headers) headers.forEach((value, name) => (plain[name] = value));
  return plain;
}

/** The part of a `Response` that the client and the transport read. */
class PlainResponse {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: Headers;
  /** Read already: there is nothing to cancel. */
  readonly body = null;
  readonly url = '';
  readonly #bytes: ArrayBuffer;

  constructor(
    status: number,
    answer: {
      readonly headers: Readonly<Record<string, string | string[] | undefined>>;
      readonly bytes: ArrayBuffer;
    },
  ) {
    this.status = status;
    this.ok = status >= 200 && status < 300;
    this.headers = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) {
      for (const each of Array.isArray(value) ? value : [value ?? '']) {
        this.headers.append(name, each);
      }
    }
    this.#bytes = answer.bytes;
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.resolve(this.#bytes);
  }

  text(): Promise<string> {
    return Promise.resolve(Buffer.from(this.#bytes).toString('utf8'));
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text()) as unknown;
  }
}
