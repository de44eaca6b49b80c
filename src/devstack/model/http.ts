import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { badRequest, WireError } from './wire-errors.js';

const maxBodyBytes = 32 * 1024 * 1024;

/** Reads a body to its end. @throws WireError 413; whatever error ends the connection */
export const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new WireError(413, 'The request body is larger than 32 MiB.');
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
};

/** @throws WireError 400 */
export const parseJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw badRequest('We could not parse the JSON body of your request.');
  }
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A check of `Authorization: Bearer KEY` that takes the same time for every wrong key. */
export const createKeyCheck = (apiKey: string): ((request: IncomingMessage) => boolean) => {
  const expected = digest(apiKey);
  return (request) => {
    const given = /^Bearer\s+(.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    return timingSafeEqual(digest(given.trim()), expected);
  };
};

/** Sends a whole answer at once. */
export const send = (
  response: ServerResponse,
  status: number,
  answer: {
    readonly body: string;
    readonly type?: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
): void => {
  if (response.destroyed) return;
  response.writeHead(status, {
    'content-type': answer.type ?? 'application/json',
    'content-length': Buffer.byteLength(answer.body),
    ...answer.headers,
  });
  // As a string it leaves with its head in one write; a buffer would be a second one.
  response.end(answer.body);
};

export const sendError = (response: ServerResponse, error: WireError): void =>
  send(response, error.status, { body: error.body(), headers: error.headers });

export const sendJson = (response: ServerResponse, status: number, value: unknown): void =>
  send(response, status, { body: JSON.stringify(value) });
