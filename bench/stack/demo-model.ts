import type { CallRecord, CallSummary } from '../../src/devstack/model/call-log.js';
import type { Latency, Limits } from '../../src/devstack/model/options.js';

/** The demo model's side door: what it is to do, and what it saw. */
export interface DemoModel {
  setLatency(latencyMs: Latency): Promise<void>;
  setLimits(limits: Limits): Promise<void>;
  /** Forgets the calls so far. */
  clearCalls(): Promise<void>;
  summary(): Promise<CallSummary>;
  /** The calls since the last `clearCalls`, in the order in which they came in. */
  calls(): Promise<readonly CallRecord[]>;
}

export function demoModel(service: { readonly url: string; readonly apiKey: string }): DemoModel {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(`/admin/${path}`, service.url), {
      method,
      headers: { authorization: `Bearer ${service.apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    async setLatency(latencyMs) {
      await call('POST', 'latency', { latencyMs });
    },
    async setLimits(limits) {
      await call('POST', 'limits', limits);
    },
    async clearCalls() {
      await call('DELETE', 'calls');
    },
    summary: async () => (await call('GET', 'calls/summary')) as CallSummary,
    async calls() {
      const found: CallRecord[] = [];
      for (let after = 0; ;) {
        const page = (await call('GET', `calls?after=${after}&limit=50000`)) as {
          readonly calls: readonly CallRecord[];
          readonly next: number | null;
        };
        found.push(...page.calls);
        if (page.next === null) return found;
        after = page.next;
      }
    },
  };
}
