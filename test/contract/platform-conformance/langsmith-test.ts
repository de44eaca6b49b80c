import { createLangsmithPlatform } from '../../../src/platforms/langsmith/platform.js';
import { startLangsmith, type LangsmithOptions } from '../../support/langsmith/server.js';
import { askedWaitMs, runScoresAtOnce, type ConformanceServer, type Fault } from './server.js';

const rules = {
  takes_and_drops: { kind: 'commit_then_drop', next: 1 },
  fails: { kind: 'server_error', next: 1 },
  asks_to_wait: { kind: 'rate_limit', next: 1, retryAfterSeconds: askedWaitMs / 1_000 },
} as const satisfies Readonly<Record<Fault, object>>;

/** The LangSmith-compatible server of the tests. */
export async function openLangsmithTest(
  options: LangsmithOptions = {},
): Promise<ConformanceServer> {
  const server = await startLangsmith(options);
  const connect = (apiKey: string) =>
    createLangsmithPlatform({
      endpoint: server.url,
      apiKey,
      environment: 'assay',
      visibilityMs: 500,
    });
  const platform = connect(server.apiKey);
  const key = 'lsv2_pt_hunter2';
  const stranger = connect(key);
  return {
    platform,
    stranger: { platform: stranger, key },
    strike(fault, kind) {
      // What belongs to traces goes one way, scores too; those of a run as a whole go one by one.
      const where =
        kind === 'run scores'
          ? { pathPrefix: '/feedback', next: runScoresAtOnce }
          : { pathPrefix: '/runs/multipart' };
      server.faults.order({ ...rules[fault], method: 'POST', ...where });
      return Promise.resolve();
    },
    calm() {
      server.faults.clear();
      return Promise.resolve();
    },
    async close() {
      await platform.close();
      await stranger.close();
      await server.close();
    },
  };
}
