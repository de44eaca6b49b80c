import { createLangfusePlatform } from '../../../src/platforms/langfuse/platform.js';
import type { LangfuseServerOptions } from '../../../src/devstack/langfuse/server.js';
import { keys, TestServer } from '../langfuse-support.js';
import { askedWaitMs, type ConformanceServer, type Fault } from './server.js';

const routes = {
  spans: '/api/public/otel/v1/traces',
  scores: '/api/public/ingestion',
  'run scores': '/api/public/ingestion',
} as const;

const rules: Readonly<Record<Fault, object>> = {
  takes_and_drops: { kind: 'commit_then_drop', next: 1 },
  fails: { kind: 'server_error', next: 1 },
  asks_to_wait: { kind: 'rate_limit', next: 1, retryAfterSeconds: askedWaitMs / 1_000 },
};

/** The Langfuse-compatible server of the development stack, in one of its modes. */
export async function openLangfuseDev(
  options: Partial<LangfuseServerOptions> = {},
): Promise<ConformanceServer> {
  const server = await TestServer.start(options);
  const connect = (own: typeof keys) =>
    createLangfusePlatform({ baseUrl: server.url, ...own, environment: 'assay' });
  const platform = connect(keys);
  const key = 'sk-lf-hunter2';
  const stranger = connect({ publicKey: 'pk-lf-stranger', secretKey: key });
  return {
    platform,
    stranger: { platform: stranger, key },
    async strike(fault, kind) {
      await server.post('/dev/faults', { ...rules[fault], pathPrefix: routes[kind] });
    },
    async calm() {
      await server.call('/dev/faults', { method: 'DELETE' });
    },
    async close() {
      await platform.close();
      await stranger.close();
      await server.stop();
    },
  };
}
