import type { Logger } from 'pino';

import type { Config } from '../../contracts/config.js';
import type { Governor } from '../../models/governor.js';
import type { ModelCallers } from '../../models/model-caller.js';
import type { PaidCalls } from '../../models/paid-calls.js';
import type { PriceBook } from '../../models/prices/price-book.js';
import type { Environment } from '../../models/secrets.js';
import type { Outbound } from '../../outbound/outbound.js';
import type { Platform } from '../../platforms/port.js';
import type { Store } from '../../store/store.js';
import type { PromptFetcher } from '../../targets/fetched-prompt.js';
import type { CellTracing } from '../../tracing/port.js';

/** A project's config as a worker has loaded it. */
export interface LoadedProject {
  readonly config: Config;
  /** The folder of assay.config.ts: what paths in it are relative to. */
  readonly root: string;
  /** sha256 of the bundled module graph of the config. */
  readonly codeHash: string;
  /** For targets whose prompt is kept on a platform. */
  readonly fetchPrompt?: PromptFetcher;
}

/** What the activities of experiments are made of. */
export interface ExperimentPorts {
  readonly store: Store;
  /** For the publisher's connection of its own. */
  readonly databaseUrl: string;
  readonly project: LoadedProject;
  readonly platforms: readonly Platform[];
  readonly models: ModelCallers;
  readonly paidCalls: PaidCalls;
  readonly prices: PriceBook;
  readonly governor: Governor;
  readonly outbound: Outbound;
  readonly environment: Environment;
  /** Collects the spans of users' code. */
  readonly tracing: CellTracing;
  /** Who holds publisher sessions: host, process and start, for people. */
  readonly holder: string;
  /** Aborted when the worker was asked to stop: nothing new starts, what is paid for finishes. */
  readonly draining: AbortSignal;
  /** Aborted when the time for finishing is over and the process is about to end. */
  readonly aborting: AbortSignal;
  readonly log: Logger;
}
