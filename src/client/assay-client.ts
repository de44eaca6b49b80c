import type { Connections } from '../contracts/environment.js';
import { createBaselines, type Baselines } from './baselines.js';
import { createDatasets, type Datasets } from './datasets.js';
import { createExperiments, type Experiments } from './experiments.js';
import { createGates, type Gates } from './gate.js';
import { findConnections } from './connections.js';
import { createJudges, type Judges } from './judges.js';
import { createPlatformMigrations, type PlatformMigrations } from './platform-migrations.js';
import { createPromptFetchers } from './prompt-fetchers.js';
import { createPrompts, type Prompts } from './prompts.js';
import { createRetention, type Retention } from './retention.js';
import { createSchedules, type Schedules } from './schedules.js';
import { createTraces, type Traces } from './traces.js';
import { createTransport } from './transport.js';

export interface AssayClientOptions {
  /** Default: the environment, else the embedded stack that runs in `folder`. */
  readonly connections?: Connections;
  /** Default: the current folder. */
  readonly folder?: string;
  /** Default: process.env. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * The way in for backends, jobs and tools. Opens connections when they are needed; `close()` ends them.
 *
 * @example
 * const client = await AssayClient.connect();
 * const run = await client.experiments.start({
 *   project: 'support-triage',
 *   name: 'nightly-2026-11-21',
 *   dataset: { name: 'support-tickets' },
 *   target: 'triage-v2',
 * });
 * const ended = await client.experiments.wait({ project: 'support-triage', name: run.name });
 * console.log(ended.status, ended.counts);
 * await client.close();
 */
export class AssayClient {
  readonly experiments: Experiments;
  readonly baselines: Baselines;
  readonly gates: Gates;
  readonly schedules: Schedules;
  readonly judges: Judges;
  readonly retention: Retention;
  readonly datasets: Datasets;
  readonly migrations: PlatformMigrations;
  readonly prompts: Prompts;
  readonly traces: Traces;
  readonly #close: () => Promise<void>;

  private constructor(connections: Connections, folder: string) {
    const transport = createTransport(connections);
    this.experiments = createExperiments(transport);
    this.baselines = createBaselines(transport);
    this.gates = createGates(transport);
    this.schedules = createSchedules(transport);
    this.judges = createJudges(transport);
    this.retention = createRetention(transport);
    this.datasets = createDatasets(transport);
    this.migrations = createPlatformMigrations(transport);
    this.traces = createTraces(transport);
    const fetchers = createPromptFetchers(transport, { connections, folder });
    this.prompts = createPrompts(transport, fetchers);
    this.#close = async () => {
      await fetchers.close();
      await transport.close();
    };
  }

  /**
   * What reads a platform needs its keys alone: a variable that is missing is told by the first call that needs it, with all others.
   *
   * @throws AssayError ENVIRONMENT_INVALID or STACK_NOT_RUNNING where nothing is set at all.
   */
  static async connect(options: AssayClientOptions = {}): Promise<AssayClient> {
    const { folder = process.cwd(), environment = process.env } = options;
    const connections = options.connections ?? (await findConnections(folder, environment));
    return new AssayClient(connections, folder);
  }

  async close(): Promise<void> {
    await this.#close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
