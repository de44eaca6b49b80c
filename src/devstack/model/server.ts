import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { handleAdmin } from './admin.js';
import { createCallLog } from './call-log.js';
import { createFaultBoard } from './faults.js';
import { createKeyCheck, send, sendError, sendJson } from './http.js';
import { createModelCalls, type ModelState } from './model-calls.js';
import { modelList } from './models.js';
import {
  modelServerOptionsSchema,
  ModelServerOptionsError,
  parseWith,
  type ModelServerOptions,
  type ModelServerSettings,
} from './options.js';
import { createRandom } from './random.js';
import { createRateLimiter } from './rate-limit.js';
import { invalidKey, WireError } from './wire-errors.js';

/** A demo model server that runs. */
export interface ModelServer {
  /** The base URL for OpenAI clients, ending in /v1; the admin API is beside it under /admin. */
  readonly url: string;
  readonly port: number;
  /** Destroys what is in flight and frees the port. */
  close(): Promise<void>;
}

const stateOf = (settings: ModelServerSettings): ModelState => ({
  log: createCallLog({ capacity: settings.logCapacity, file: settings.logFile }),
  faults: createFaultBoard(settings.faults, createRandom(settings.seed + 1)),
  isAllowed: createKeyCheck(settings.apiKey),
  random: createRandom(settings.seed),
  seed: settings.seed,
  contextWindow: settings.contextWindow,
  latency: settings.latencyMs,
  limiter:
    settings.limits === undefined
      ? undefined
      : createRateLimiter(settings.limits, () => performance.now()),
});

const createHandler = (state: ModelState) => {
  const calls = createModelCalls(state);
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const path = mark === -1 ? url : url.slice(0, mark);
    if (request.method === 'POST' && calls.serves(path))
      return calls.handle(path, request, response);
    if (path === '/health') {
      sendJson(response, 200, { status: 'ok' });
      return;
    }
    if (!state.isAllowed(request)) throw invalidKey();
    if (request.method === 'GET' && path === '/v1/models') {
      send(response, 200, { body: modelList() });
      return;
    }
    if (path.startsWith('/admin/')) {
      const query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
      return handleAdmin(state, path, { request, response, query });
    }
    throw new WireError(404, `Unknown request URL: ${request.method ?? 'GET'} ${path}.`);
  };
};

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: 4096 }, () => {
      server.off('error', reject);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('No TCP address.'));
      else resolve(address.port);
    });
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/**
 * Starts the demo model: a deterministic server of OpenAI's wire format for development and tests. It answers from the
 * prompt it is given; see `ModelServerOptions`.
 * @throws ModelServerOptionsError; whatever error the port gives
 */
export const startModelServer = async (options: ModelServerOptions): Promise<ModelServer> => {
  const parsed = parseWith(modelServerOptionsSchema, options);
  if ('problems' in parsed) throw new ModelServerOptionsError(parsed.problems);
  const settings = parsed.value;
  const state = stateOf(settings);
  const handle = createHandler(state);
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else if (error instanceof WireError) sendError(response, error);
      else response.destroy();
    });
  });
  // Longer than any client keeps an idle connection: else a request meets a closing one and is lost.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  const port = await listen(server, settings.port, settings.host);
  server.on('error', (error) => console.error(error));
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  return {
    url: `http://${host}:${port}/v1`,
    port,
    close: async () => {
      await close(server);
      state.log.close();
    },
  };
};
