import type { FaultRule } from '../../../src/devstack/langfuse/options.js';

export type { FaultRule } from '../../../src/devstack/langfuse/options.js';

/** How long accepted writes stay unreadable, in milliseconds. */
export interface Delays {
  readonly runsMs: number;
  readonly feedbackMs: number;
}

export interface LangsmithOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** The key of the main workspace; default `testKey`. */
  readonly apiKey?: string;
  /** The key of a second workspace, which sees nothing of the first. */
  readonly otherKey?: string;
  /** Keys that were good once. */
  readonly revokedKeys?: readonly string[];
  /** The workspace's handle on the hub; default none, so its prompts belong to `-`. */
  readonly tenantHandle?: string;
  /** What `/info` says; default 0.13.40. */
  readonly version?: string;
  /** Default true: batches of runs go as multipart. */
  readonly useMultipart?: boolean;
  /** Default both 0. */
  readonly delays?: Partial<Delays>;
  readonly faults?: readonly FaultRule[];
  /** Of faults with a probability; default 1. */
  readonly seed?: number;
  /** The largest body taken, in bytes; default 20 MiB, which is also what `/info` says. */
  readonly maxBodyBytes?: number;
  /**
   * A feedback of an id that exists: `replace` (default; its rows live in a table that keeps the last one of an id) or `refuse`
   * with 409. The real service's answer is not documented, so a client must live with both.
   */
  readonly repeatedFeedback?: 'replace' | 'refuse';
  /**
   * A batch of runs of which some, but not all, were sent before. `take` (default): what is new is taken, 202. `take-and-409`: it is
   * taken, yet the answer is the 409 of a repeat. `refuse`: nothing is taken, 409. The real service's answer is not documented.
   */
  readonly partlyRepeated?: 'take' | 'take-and-409' | 'refuse';
}

export type Settings = Required<
  Omit<LangsmithOptions, 'port' | 'delays' | 'otherKey' | 'tenantHandle'>
> & {
  readonly otherKey: string | undefined;
  readonly tenantHandle: string | null;
  readonly delays: Delays;
};

export const testKey = 'lsv2_pt_00000000000000000000000000000001_0000000001';

export function settingsOf(options: LangsmithOptions): Settings {
  return {
    apiKey: options.apiKey ?? testKey,
    otherKey: options.otherKey,
    revokedKeys: options.revokedKeys ?? [],
    tenantHandle: options.tenantHandle ?? null,
    version: options.version ?? '0.13.40',
    useMultipart: options.useMultipart ?? true,
    delays: { runsMs: 0, feedbackMs: 0, ...options.delays },
    faults: options.faults ?? [],
    seed: options.seed ?? 1,
    maxBodyBytes: options.maxBodyBytes ?? 20 * 1024 * 1024,
    repeatedFeedback: options.repeatedFeedback ?? 'replace',
    partlyRepeated: options.partlyRepeated ?? 'take',
  };
}
