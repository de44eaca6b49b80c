import { request as httpRequest } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http';
import { gzipSync } from 'node:zlib';

import type { Mapping } from './mapping.js';
import type { Recording } from './recording.js';

export interface Target {
  readonly url: string;
  readonly publicKey: string;
  readonly secretKey: string;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** Sends a recorded request, with its server-made ids replaced by ours. */
export function sendRecorded(
  recording: Recording,
  target: Target,
  mapping: Mapping,
): Promise<Answer> {
  const { method, headers = {} } = recording.request;
  const path = mapping
    .translate(recording.request.path)
    .replace(/(?<=[?&]version=)[^&]+/, (text) => versionTime(text, mapping));
  const body = bodyBytes(recording, mapping);
  const sent: OutgoingHttpHeaders = { ...headers, ...authorization(recording, target) };
  if (body !== undefined) sent['content-length'] = body.length;
  return send({ url: new URL(path, target.url), method, headers: sent, body });
}

function versionTime(text: string, mapping: Mapping): string {
  const recorded = decodeURIComponent(text);
  return mapping.isNow(recorded) ? encodeURIComponent(mapping.translateTime(recorded)) : text;
}

function send(options: {
  url: URL;
  method: string;
  headers: OutgoingHttpHeaders;
  body: Buffer | undefined;
}): Promise<Answer> {
  const { url, method, headers, body } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const contentType = response.headers['content-type'];
        resolve({
          status: response.statusCode ?? 0,
          contentType,
          headers: response.headers,
          body: parseAnswer(text, contentType),
        });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

function parseAnswer(text: string, contentType: string | undefined): unknown {
  if (text === '') return null;
  return contentType?.startsWith('application/json') === true
    ? (JSON.parse(text) as unknown)
    : text;
}

function authorization({ request }: Recording, target: Target): OutgoingHttpHeaders {
  const basic = (user: string, secret: string) => ({
    authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`,
  });
  switch (request.auth) {
    case 'none':
      return {};
    case 'wrongSecret':
      return basic(target.publicKey, 'sk-lf-of-nobody');
    case 'wrongPublic':
      return basic('pk-lf-of-nobody', target.secretKey);
    case 'garbage':
      return { authorization: 'Basic %%%' };
    case 'bearer':
      return { authorization: `Bearer ${target.publicKey}` };
    default:
      return basic(target.publicKey, target.secretKey);
  }
}

const big = 5_000_000;

function bodyBytes(recording: Recording, mapping: Mapping): Buffer | undefined {
  const { body } = recording.request;
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'object') {
    const special = body as Record<string, unknown>;
    if (typeof special['$raw'] === 'string') return Buffer.from(special['$raw']);
    if (typeof special['$base64'] === 'string') return Buffer.from(special['$base64'], 'base64');
    if ('$gzipOf' in special) return gzipSync(JSON.stringify(special['$gzipOf']));
    if ('$note' in special) {
      const { $note: _note, ...rest } = special;
      return Buffer.from(JSON.stringify({ ...rest, input: 'x'.repeat(big) }));
    }
  }
  return Buffer.from(mapping.translate(JSON.stringify(body)));
}
