import { createServer } from 'node:http';
import type { Server } from 'node:http';

import { FaultEngine } from '../../../src/devstack/langfuse/faults.js';
import { seededRandom } from '../../../src/devstack/langfuse/random.js';
import type { LoggedRequest } from '../../../src/devstack/langfuse/request-log.js';
import { RequestLog } from '../../../src/devstack/langfuse/request-log.js';
import { Clock } from './clock.js';
import type { Context } from './context.js';
import { createListener } from './http/listener.js';
import { Router } from './http/router.js';
import { Inspection } from './inspection.js';
import type { Delays, FaultRule, LangsmithOptions, Settings } from './options.js';
import { settingsOf } from './options.js';
import { plugins } from './plugins/index.js';
import type { Workspace } from './workspace.js';
import { newWorkspace } from './workspace.js';

export type { FaultRule, LangsmithOptions } from './options.js';
export { testKey } from './options.js';

/** A running test server; all its data dies with it. */
export interface LangsmithServer {
  readonly url: string;
  readonly apiKey: string;
  /** What the main workspace holds, straight from its tables: no delay, no paging. */
  readonly inspect: Inspection;
  /** The same of the workspace of `otherKey`; empty where there is none. */
  readonly inspectOther: Inspection;
  readonly faults: {
    order(...rules: readonly FaultRule[]): void;
    clear(): void;
  };
  readonly requests: {
    /** By `METHOD /route status`; status 0 is a dropped connection. */
    counts(): Readonly<Record<string, number>>;
    /** Newest first. */
    last(count: number): readonly LoggedRequest[];
    clear(): void;
  };
  setDelays(delays: Partial<Delays>): void;
  close(): Promise<void>;
}

/**
 * Starts a thin LangSmith-compatible server on a free loopback port: the REST endpoints that the official `langsmith` client 0.12
 * uses for datasets, examples, projects, runs, feedback and prompts, in memory. For tests only; README.md beside it says what
 * is known of the real service and what is assumed.
 */
export async function startLangsmith(options: LangsmithOptions = {}): Promise<LangsmithServer> {
  const settings = settingsOf(options);
  const clock = new Clock();
  const main = newWorkspace(settings.tenantHandle, clock.now());
  const other = newWorkspace(null, clock.now());
  const context: Context = { settings, clock, delays: { current: settings.delays } };
  const faults = new FaultEngine(settings.faults, seededRandom(settings.seed));
  const log = new RequestLog();
  const server = createServer(
    createListener({
      router: new Router(plugins.flatMap((plugin) => plugin(context))),
      keyring: keyringOf(settings, { main, other }),
      faults,
      log,
      maxBodyBytes: settings.maxBodyBytes,
      reportError,
    }),
  );
  // Clients reuse connections; closing idle ones after Node's 5 s makes them see resets that no fault ordered.
  server.keepAliveTimeout = 120_000;
  return {
    url: await listen(server, options.port ?? 0),
    apiKey: settings.apiKey,
    inspect: new Inspection(main),
    inspectOther: new Inspection(other),
    faults: {
      order: (...rules) => {
        faults.add(rules);
      },
      clear: () => {
        faults.clear();
      },
    },
    requests: log,
    setDelays: (delays) => {
      context.delays.current = { ...context.delays.current, ...delays };
    },
    close: () => close(server),
  };
}

function keyringOf(
  { apiKey, otherKey, revokedKeys }: Settings,
  { main, other }: { main: Workspace; other: Workspace },
): ReadonlyMap<string, Workspace> {
  const keyring = new Map([[apiKey, main]]);
  if (otherKey !== undefined) keyring.set(otherKey, other);
  for (const key of revokedKeys) keyring.delete(key);
  return keyring;
}

function listen(server: Server, wanted: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve(`http://127.0.0.1:${port}`);
    });
  });
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

function reportError(error: unknown): void {
  process.stderr.write(`langsmith test server: ${String(error)}\n`);
}
