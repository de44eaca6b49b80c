import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Reply } from './exchange.js';

const notice = 'assay-langfuse-dev-server; development and tests only, never production';

/** Writes the reply; HEAD gets its headers alone. Every answer says what this server is not. */
export function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  response.statusCode = reply.status;
  response.setHeader('x-dev-server', notice);
  const { origin } = request.headers;
  if (origin !== undefined) response.setHeader('access-control-allow-origin', origin);
  const headers = 'headers' in reply ? reply.headers : undefined;
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  const payload = encode(response, reply);
  if (reply.status === 413) response.setHeader('connection', 'close');
  response.setHeader('content-length', payload.length);
  response.end(request.method === 'HEAD' ? undefined : payload);
}

function encode(response: ServerResponse, reply: Reply): Buffer {
  if ('json' in reply) {
    response.setHeader('content-type', 'application/json; charset=utf-8');
    return Buffer.from(JSON.stringify(reply.json));
  }
  if ('html' in reply) {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    return Buffer.from(reply.html);
  }
  return 'text' in reply ? Buffer.from(reply.text) : Buffer.alloc(0);
}

/** The answer to a CORS preflight. */
export function preflight(request: IncomingMessage): Reply {
  return {
    status: 204,
    headers: {
      'access-control-allow-origin': request.headers.origin ?? '*',
      'access-control-allow-methods': 'GET,HEAD,PUT,PATCH,POST,DELETE',
      'access-control-allow-headers':
        request.headers['access-control-request-headers'] ?? 'authorization,content-type',
    },
  };
}
