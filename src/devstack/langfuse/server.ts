import { createServer } from 'node:http';
import type { Server } from 'node:http';

import type { DevServerContext } from './context.js';
import { openDatabase } from './db/database.js';
import { ensureSchema } from './db/schema.js';
import { FaultEngine } from './faults.js';
import { createListener } from './http/listener.js';
import { Router } from './http/router.js';
import type { LangfuseServerOptions } from './options.js';
import { serverOptionsSchema } from './options.js';
import { plugins } from './plugins/index.js';
import { seededRandom } from './random.js';
import { RequestLog } from './request-log.js';
import { Visibility } from './visibility.js';

export type { LangfuseServerOptions } from './options.js';

/** A running dev server; `close` ends its connections and its pool, the data stays in Postgres. */
export interface LangfuseServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts the Langfuse-compatible dev server (by default in the write mode `events_only`) on the schema `langfuse_dev` of
 * the given database, which it creates. For development and tests only. Rejects with a ZodError on bad
 * options, with the driver's error when the database cannot be reached, with EADDRINUSE on a taken port.
 */
export async function startLangfuseServer(options: LangfuseServerOptions): Promise<LangfuseServer> {
  const settings = serverOptionsSchema.parse(options);
  const database = openDatabase(settings.databaseUrl, reportError);
  const log = new RequestLog();
  const context: DevServerContext = {
    database,
    project: { id: settings.projectId, name: settings.projectName },
    publicKey: settings.publicKey,
    mode: settings.mode,
    version: settings.version,
    visibility: new Visibility(settings.visibility, seededRandom(settings.seed)),
    faults: new FaultEngine(settings.faults, seededRandom(settings.seed + 1)),
    log,
  };
  const router = new Router(plugins.flatMap((plugin) => plugin(context)));
  const server = createServer(
    createListener({ router, keys: settings, faults: context.faults, log, reportError }),
  );
  // Clients reuse connections; closing idle ones after Node's 5 s makes them see resets that no fault ordered.
  server.keepAliveTimeout = 120_000;
  try {
    await ensureSchema(database);
    await listen(server, settings);
  } catch (error) {
    await database.close();
    throw error;
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : settings.port;
  return {
    url: `http://${settings.host}:${port}`,
    port,
    close: () => close(server, () => database.close()),
  };
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const patienceMs = 2_000;

/** Requests under way may end; keep-alive connections without one are closed at once. */
async function close(server: Server, closeDatabase: () => Promise<void>): Promise<void> {
  if (!server.listening) return;
  const impatient = setTimeout(() => {
    server.closeAllConnections();
  }, patienceMs);
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeIdleConnections();
  });
  clearTimeout(impatient);
  await closeDatabase();
}

/** Errors go to stderr by class and code only: messages of the driver can hold values. */
function reportError(error: unknown): void {
  const { name, code } = error as { name?: unknown; code?: unknown };
  process.stderr.write(
    `${JSON.stringify({ level: 'error', message: 'langfuse dev server', name, code })}\n`,
  );
}
